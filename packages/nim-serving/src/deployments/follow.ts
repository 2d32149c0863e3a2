import type { Informer, KubeObject } from '@nexus/kube'

/** What is watched: informers that have begun, and what is read out of them. */
export interface FollowedView<T> {
  readonly synced: Promise<unknown>
  readonly informers: readonly Pick<Informer<KubeObject>, 'onChange' | 'stopped'>[]
  /** Undefined ends the loop. */
  readonly read: () => T | undefined
}

/** Starts informers that end with `signal` and tell of failures that no retry mends. */
export type StartView<T> = (options: { signal: AbortSignal; onError: (error: unknown) => void }) => FollowedView<T>

/**
 * What a view reads now, then each time it reads something else, until it reads nothing, `signal` aborts or the loop is
 * left. Changes that come while the consumer is busy are told once.
 */
export async function* followChanges<T>(
  start: StartView<T>,
  { signal }: { signal?: AbortSignal | undefined },
): AsyncGenerator<T, void> {
  const left = new AbortController()
  const bell = new Bell()
  const ends = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal])
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  ends.addEventListener('abort', () => bell.ring(), { once: true })
  const view = start({ signal: ends, onError: (error) => failed.reject(error) })
  try {
    await Promise.race([view.synced, failed.promise])
    for (const informer of view.informers) informer.onChange(() => bell.ring())
    yield* differing(() => (ends.aborted ? undefined : view.read()), bell, failed.promise)
  } catch (cause) {
    // A caller that gives up has ended the loop, not broken it.
    if (!ends.aborted) throw cause
  } finally {
    left.abort()
    await Promise.all(view.informers.map(({ stopped }) => stopped))
  }
}

async function* differing<T>(read: () => T | undefined, bell: Bell, failed: Promise<never>): AsyncGenerator<T, void> {
  let shown = ''
  for (;;) {
    const rung = bell.next()
    const value = read()
    if (value === undefined) return
    const text = JSON.stringify(value)
    if (text !== shown) yield value
    shown = text
    await Promise.race([rung, failed])
  }
}

/** Wakes whoever waits for the next ring; rings that nobody waits for are forgotten. */
class Bell {
  #next = Promise.withResolvers<void>()

  next(): Promise<void> {
    return this.#next.promise
  }

  ring(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }
}
