import type { IncomingHttpHeaders } from 'node:http'
import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { messageOf } from '../errors.ts'
import { UpstreamError, type UpstreamCall } from '../client/upstream-client.ts'

const DECODERS = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
])

/** What undoes a content coding; undefined for none and for an unknown one. */
export function decoderOf(headers: IncomingHttpHeaders): (() => Transform) | undefined {
  return DECODERS.get(headers['content-encoding']?.toLowerCase() ?? '')
}

/**
 * The body of a call, decoded. A server was asked not to compress its stream; one that does it all the same would keep
 * its events from being counted, and from being told from a stream that broke off.
 */
export class DecodedBody {
  readonly #call: UpstreamCall
  readonly #pieces: AsyncIterator<Uint8Array>

  constructor(call: UpstreamCall, createDecoder: () => Transform) {
    this.#call = call
    // The callback has nothing to add: the iteration throws what ended it.
    const decoded: AsyncIterable<Uint8Array> = pipeline(Readable.from(piecesOf(call)), createDecoder(), () => undefined)
    this.#pieces = decoded[Symbol.asyncIterator]()
  }

  /** @throws UpstreamError `broken` for what cannot be decoded too */
  async read(): Promise<Uint8Array | undefined> {
    try {
      const next = await this.#pieces.next()
      return next.done === true ? undefined : next.value
    } catch (error) {
      this.#call.abort(new Error('the answer cannot be decoded'))
      if (isCodingError(error)) throw new UpstreamError('broken', messageOf(error), { cause: error })
      throw error
    }
  }
}

async function* piecesOf(call: UpstreamCall): AsyncGenerator<Uint8Array, void> {
  for (let piece = await call.read(); piece !== undefined; piece = await call.read()) yield piece
}

function isCodingError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(Z_|ERR_BROTLI|ERR_PADDING)/.test(String(error.code))
}
