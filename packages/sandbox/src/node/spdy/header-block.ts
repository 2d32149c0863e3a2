import { constants, createInflate } from 'node:zlib'
import { DICTIONARY_ID, HEADER_DICTIONARY } from './dictionary.ts'
import { FrameError } from './frame.ts'

/** Headers that are longer come from nobody who means well. */
const MAX_BLOCK_BYTES = 64 * 1024

export type Headers = ReadonlyMap<string, string>

/** Reads the header blocks of one direction of a connection, in their order: each is compressed against those before. */
export class HeaderReader {
  readonly #inflate = createInflate({ dictionary: HEADER_DICTIONARY, flush: constants.Z_SYNC_FLUSH })
  #inflated: Buffer[] = []
  #length = 0
  #fail: (error: Error) => void = () => {}

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#length += chunk.length
      this.#inflated.push(chunk)
      if (this.#length > MAX_BLOCK_BYTES) this.#inflate.destroy()
    })
    this.#inflate.on('error', (error) => this.#fail(error))
  }

  /** Rejects with zlib's error or a FrameError; the connection cannot go on then. */
  async read(block: Buffer): Promise<Headers> {
    this.#inflated = []
    this.#length = 0
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject
      this.#inflate.write(block, () => resolve()) // also when it is destroyed
    })
    if (this.#length > MAX_BLOCK_BYTES) throw new FrameError('a header block that is too long')
    return parseBlock(Buffer.concat(this.#inflated))
  }

  close(): void {
    this.#inflate.destroy()
  }
}

/** Pairs of name and value, each with its length before it. */
function parseBlock(block: Buffer): Headers {
  let at = 0
  const number = (): number => {
    if (at + 4 > block.length) throw new FrameError('a header block that ends too early')
    at += 4
    return block.readUInt32BE(at - 4)
  }
  const text = (): string => {
    const length = number()
    if (at + length > block.length) throw new FrameError('a header block that ends too early')
    at += length
    return block.toString('latin1', at - length, at)
  }
  const headers = new Map<string, string>()
  for (let left = number(); left > 0; left--) headers.set(text().toLowerCase(), text())
  return headers
}

/** Writes the header blocks of one direction: zlib's format, but stored, for what there is to say is short. */
export class HeaderWriter {
  #begun = false

  write(headers: Headers): Buffer {
    const fields = [...headers].flatMap(([name, value]) => [withLength(name), withLength(value)])
    // A window of 32 KiB, a dictionary, no compression: RFC 1950 and the check bits that go with it.
    const start = this.#begun ? [] : [Buffer.from([0x78, 0x20]), uint32(DICTIONARY_ID)]
    this.#begun = true
    // Go's readers hand out what they have read when an empty block comes, as a flush writes it.
    return Buffer.concat([...start, stored(Buffer.concat([uint32(headers.size), ...fields])), stored(Buffer.alloc(0))])
  }
}

/** A block of RFC 1951 that is not compressed; at most 64 KiB. */
function stored(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt16LE(bytes.length, 1)
  head.writeUInt16LE(bytes.length ^ 0xffff, 3)
  return Buffer.concat([head, bytes])
}

function withLength(text: string): Buffer {
  return Buffer.concat([uint32(text.length), Buffer.from(text, 'latin1')])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
