import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { constants, createGzip } from 'node:zlib'
import type { Faults } from './faults.ts'

/** Where the bytes of a body go. Every method rejects with an AbortError once the client has gone. */
export interface Sink {
  write(bytes: Buffer): Promise<void>
  /** Sends what has been kept back; `whole` is false when the body is about to be broken off. */
  finish(whole: boolean): Promise<void>
}

/**
 * The way to the client, through the faults that change how bytes travel, outermost first: gzip, split, drip. A body that
 * is no stream has a length, so whoever writes it compresses it before.
 */
export function openSink(
  response: ServerResponse,
  faults: Faults,
  signal: AbortSignal,
  { stream = false }: { readonly stream?: boolean } = {},
): Sink {
  let sink = toClient(response, signal)
  const drip = faults.value('slow-drip')
  if (drip !== undefined) sink = inPieces(sink, () => 1, drip, signal)
  if (faults.has('split-utf8')) sink = inPieces(sink, (bytes) => insideCharacter(bytes), 0, signal)
  const split = faults.value('split')
  if (split !== undefined) sink = inEqualPieces(sink, split, signal)
  return stream && faults.has('gzip') ? gzipped(sink) : sink
}

/** Writes and waits while the client reads more slowly than we write. */
function toClient(response: ServerResponse, signal: AbortSignal): Sink {
  return {
    async write(bytes) {
      signal.throwIfAborted()
      if (!response.write(bytes)) await once(response, 'drain', { signal })
    },
    finish: () => Promise.resolve(),
  }
}

/** Cuts each write where `lengthOf` says and lets the pieces leave one by one, `delayMs` apart. */
function inPieces(next: Sink, lengthOf: (bytes: Buffer) => number, delayMs: number, signal: AbortSignal): Sink {
  return {
    async write(bytes) {
      let rest = bytes
      while (rest.length > 0) {
        const length = lengthOf(rest)
        await next.write(rest.subarray(0, length))
        rest = rest.subarray(length)
        // A turn of the event loop, or Node would join the pieces again.
        await (delayMs === 0 ? nextTurn(undefined, { signal }) : sleep(delayMs, undefined, { signal }))
      }
    },
    finish: (whole) => next.finish(whole),
  }
}

/** Pieces of `size` bytes whatever they belong to: what does not fill one waits for what comes next. */
function inEqualPieces(next: Sink, size: number, signal: AbortSignal): Sink {
  let kept: Buffer = Buffer.alloc(0)
  return {
    async write(bytes) {
      kept = Buffer.concat([kept, bytes])
      for (; kept.length >= size; kept = kept.subarray(size)) {
        await next.write(kept.subarray(0, size))
        await nextTurn(undefined, { signal })
      }
    },
    async finish(whole) {
      if (kept.length > 0) await next.write(kept)
      await next.finish(whole)
    },
  }
}

/** How many bytes until the first character of several has begun but not ended. */
function insideCharacter(bytes: Buffer): number {
  const lead = bytes.findIndex((byte) => byte >= 0xc0)
  return lead === -1 ? bytes.length : lead + 1
}

/** Compresses, and lets every write arrive before the next. */
function gzipped(next: Sink): Sink {
  const gzip = createGzip()
  let ready: Buffer[] = []
  gzip.on('data', (chunk: Buffer) => ready.push(chunk))
  const pass = async (): Promise<void> => {
    const bytes = Buffer.concat(ready)
    ready = []
    if (bytes.length > 0) await next.write(bytes)
  }
  return {
    async write(bytes) {
      gzip.write(bytes)
      await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve))
      await nextTurn() // what was flushed is emitted by then
      await pass()
    },
    async finish(whole) {
      if (whole) await once(gzip.end(), 'end')
      gzip.destroy()
      await pass()
      await next.finish(whole)
    },
  }
}
