import { LONGEST_TIMER_MS } from '../../timers.ts'

/** What a handler may ask for instead of an error: to be called again later. */
export interface Requeue {
  readonly requeueAfterMs: number
}

export interface WorkQueueOptions {
  /** Does the work of one key. A rejection is retried with growing pauses. */
  readonly handle: (key: string) => Promise<Requeue | undefined>
  readonly onError?: (key: string, thrown: unknown) => void
  /** Keys that are worked on at the same time. Default 4. */
  readonly concurrency?: number
  /** First pause after a failure, in milliseconds; it doubles up to `maxBackoffMs`. Default 25. */
  readonly baseBackoffMs?: number
  /** Default 15,000. */
  readonly maxBackoffMs?: number
  /** Jitter source, 0 to 1. Default `Math.random`. */
  readonly random?: () => number
}

/** Keys to work on: each at most once at a time, however often it was added. */
export interface WorkQueue {
  /** A key added while it is worked on is worked on once more afterwards. */
  add(key: string): void
  /** Of several pending for one key the earliest counts. */
  addAfter(key: string, ms: number): void
  /** Drops what waits, and resolves when what is worked on has ended. */
  close(): Promise<void>
}

/** The pause before try number `failures + 1`: exponential, with the upper half of it random, so that keys spread. */
export function backoffMs(failures: number, baseMs: number, maxMs: number, random: () => number): number {
  const whole = Math.min(maxMs, baseMs * 2 ** (failures - 1))
  return whole / 2 + (whole / 2) * random()
}

/** Starts a work queue; it idles without timers while it is empty. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { handle, onError, concurrency = 4, baseBackoffMs = 25, maxBackoffMs = 15_000, random = Math.random } = options
  const waiting = new Set<string>()
  const working = new Map<string, Promise<void>>()
  const failures = new Map<string, number>()
  const delayed = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>()
  let stopped = false

  function pump(): void {
    for (const key of waiting) {
      if (stopped || working.size >= concurrency) return
      if (working.has(key)) continue
      waiting.delete(key)
      working.set(key, workOn(key))
    }
  }

  async function workOn(key: string): Promise<void> {
    try {
      const requeue = await handle(key)
      failures.delete(key)
      if (requeue) addAfter(key, requeue.requeueAfterMs)
    } catch (thrown) {
      retry(key, thrown)
    }
    working.delete(key)
    pump()
  }

  function retry(key: string, thrown: unknown): void {
    if (stopped) return
    const count = (failures.get(key) ?? 0) + 1
    failures.set(key, count)
    onError?.(key, thrown)
    addAfter(key, backoffMs(count, baseBackoffMs, maxBackoffMs, random))
  }

  function add(key: string): void {
    if (stopped) return
    waiting.add(key)
    pump()
  }

  function addAfter(key: string, ms: number): void {
    if (stopped) return
    const pause = Math.min(ms, LONGEST_TIMER_MS)
    const at = performance.now() + pause
    const pending = delayed.get(key)
    if (pending !== undefined && pending.at <= at) return
    clearTimeout(pending?.timer)
    const timer = setTimeout(() => {
      delayed.delete(key)
      add(key)
    }, pause)
    delayed.set(key, { at, timer })
  }

  async function close(): Promise<void> {
    stopped = true
    for (const { timer } of delayed.values()) clearTimeout(timer)
    delayed.clear()
    waiting.clear()
    await Promise.all(working.values())
  }

  return { add, addAfter, close }
}
