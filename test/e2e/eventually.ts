import { setTimeout as delay } from 'node:timers/promises'

/** Repeats `check` until it passes; rejects with its last failure after `withinMs` (default 30 s). */
export async function eventually(check: () => Promise<void>, withinMs = 30_000): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await delay(100)
  }
}
