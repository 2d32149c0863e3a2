// The frames of SPDY/3.1 (draft 3.1, section 2.2) that port forwarding uses; all others are read and ignored.

const VERSION = 3
const HEADER_BYTES = 8
/** A control frame carries headers at most; clients send some hundred bytes. */
const MAX_CONTROL_BYTES = 16 * 1024

const SYN_STREAM = 1
const SYN_REPLY = 2
const RST_STREAM = 3
const PING = 6
const FIN = 0x01

/** Why a stream ends early, as RST_STREAM carries it. */
export const RESET = { protocolError: 1, refused: 3, cancel: 5 } as const

export type Frame =
  | { readonly type: 'open'; readonly stream: number; readonly fin: boolean; readonly headers: Buffer }
  /** A piece of a data frame: its bytes are passed on as they come. */
  | { readonly type: 'data'; readonly stream: number; readonly fin: boolean; readonly bytes: Buffer }
  | { readonly type: 'reset'; readonly stream: number }
  | { readonly type: 'ping'; readonly id: number }

/** Bytes that are no SPDY/3 frame: the connection cannot go on. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** Cuts a stream of bytes into frames. It keeps one control frame at most, and nothing of a data frame. */
export class FrameReader {
  #kept: Buffer = Buffer.alloc(0)
  #data: { stream: number; fin: boolean; left: number } | undefined;

  /** @throws FrameError */
  *read(chunk: Buffer): Generator<Frame> {
    let bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk])
    this.#kept = Buffer.alloc(0)
    while (bytes.length > 0) {
      if (this.#data === undefined) {
        const size = frameSize(bytes)
        if (size === undefined || (isControl(bytes) && bytes.length < size)) {
          this.#kept = bytes
          return
        }
        if (isControl(bytes)) {
          yield* controlFrame(bytes.subarray(0, size))
          bytes = bytes.subarray(size)
          continue
        }
        this.#data = { stream: bytes.readUInt32BE(0), fin: flagsOf(bytes) === FIN, left: size - HEADER_BYTES }
        bytes = bytes.subarray(HEADER_BYTES)
      }
      const { stream, fin, left } = this.#data
      const piece = bytes.subarray(0, left)
      this.#data = piece.length === left ? undefined : { stream, fin, left: left - piece.length }
      bytes = bytes.subarray(piece.length)
      yield { type: 'data', stream, fin: fin && this.#data === undefined, bytes: piece }
    }
  }
}

/** The size of the frame that begins here, undefined while its header is not complete. */
function frameSize(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER_BYTES) return undefined
  const length = bytes.readUIntBE(5, 3)
  if (!isControl(bytes)) return HEADER_BYTES + length
  if ((bytes.readUInt16BE(0) & 0x7fff) !== VERSION) throw new FrameError('a control frame of another version')
  if (length > MAX_CONTROL_BYTES) throw new FrameError(`a control frame of ${length} bytes`)
  return HEADER_BYTES + length
}

function isControl(bytes: Buffer): boolean {
  return bytes.readUInt8(0) >= 0x80
}

function flagsOf(bytes: Buffer): number {
  return bytes.readUInt8(4)
}

function* controlFrame(bytes: Buffer): Generator<Frame> {
  const payload = bytes.subarray(HEADER_BYTES)
  switch (bytes.readUInt16BE(2)) {
    case SYN_STREAM:
      // Stream, associated stream, priority and slot come before the headers.
      expectBytes(payload, 10)
      yield {
        type: 'open',
        stream: payload.readUInt32BE(0),
        fin: (flagsOf(bytes) & FIN) !== 0,
        headers: payload.subarray(10),
      }
      return
    case RST_STREAM:
      expectBytes(payload, 8)
      yield { type: 'reset', stream: payload.readUInt32BE(0) }
      return
    case PING:
      expectBytes(payload, 4)
      yield { type: 'ping', id: payload.readUInt32BE(0) }
      return
    default:
      // SETTINGS, GOAWAY, WINDOW_UPDATE: neither side of a port forward keeps to windows, as TCP has its own.
      return
  }
}

function expectBytes(payload: Buffer, count: number): void {
  if (payload.length < count) throw new FrameError('a control frame that ends too early')
}

function control(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(0x8000 | VERSION, 0)
  header.writeUInt16BE(type, 2)
  header.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([header, payload])
}

function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}

export function openFrame(stream: number, headers: Buffer): Buffer {
  return control(SYN_STREAM, Buffer.concat([uint32s(stream, 0), Buffer.alloc(2), headers]))
}

export function replyFrame(stream: number, headers: Buffer): Buffer {
  return control(SYN_REPLY, Buffer.concat([uint32s(stream), headers]))
}

export function resetFrame(stream: number, status: number): Buffer {
  return control(RST_STREAM, uint32s(stream, status))
}

export function pingFrame(id: number): Buffer {
  return control(PING, uint32s(id))
}

/** What stands before `length` bytes of data. */
export function dataHeader(stream: number, length: number, fin = false): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(stream, 0)
  header.writeUInt8(fin ? FIN : 0, 4)
  header.writeUIntBE(length, 5, 3)
  return header
}
