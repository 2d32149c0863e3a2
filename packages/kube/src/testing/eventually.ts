import { setTimeout as delay } from 'node:timers/promises'

/**
 * Repeats `check` until it passes and resolves with its result; rejects with its last failure after `withinMs` (default
 * 30 s: patience for a busy machine, not a measurement).
 */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 30_000): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await delay(50)
  }
}
