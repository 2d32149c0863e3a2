import { TransportFailure } from '../http/transport.ts'

/**
 * The chunks of a connection, which is closed when none comes for `silenceMs`: a peer that vanished without a word is
 * noticed by nothing else. The time counts only while the consumer waits for a chunk.
 */
export async function* withSilenceLimit(
  chunks: AsyncIterable<Uint8Array>,
  silenceMs: number,
  connection: AbortController,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const timer = setTimeout(() => connection.abort(silent(silenceMs)), silenceMs)
      const next = await iterator.next().finally(() => clearTimeout(timer))
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

function silent(silenceMs: number): TransportFailure {
  return new TransportFailure('timeout', `nothing received for ${Math.round(silenceMs / 1000)} s`, undefined)
}
