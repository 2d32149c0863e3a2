import { Duplex } from 'node:stream'
import { dataHeader, FrameReader, openFrame, pingFrame, replyFrame, RESET, resetFrame } from './frame.ts'
import type { Frame } from './frame.ts'
import { HeaderReader, HeaderWriter } from './header-block.ts'
import type { Headers } from './header-block.ts'

/** More than any port forward has at once; every connection through it is two streams. */
const MAX_STREAMS = 4096
/** What a stream keeps of what its reader has not read yet. */
const STREAM_BUFFER_BYTES = 256 * 1024

export interface ConnectionOptions {
  /** Hears of each stream that the other side opens; false refuses it. */
  readonly onStream: (stream: SpdyStream) => boolean
  /** Whether this side began: its streams have odd numbers. Default false. */
  readonly client?: boolean
}

/**
 * A SPDY/3.1 connection over a socket, either side of it. One reader that does not read stops the others after
 * `STREAM_BUFFER_BYTES`, and then the other side by TCP's own means: SPDY's windows are not used, because the clients of
 * Kubernetes do not keep them.
 */
export class SpdyConnection {
  readonly #socket: Duplex
  readonly #options: ConnectionOptions
  readonly #streams = new Map<number, SpdyStream>()
  readonly #headersIn = new HeaderReader()
  readonly #headersOut = new HeaderWriter()
  #nextStream: number
  /** Resolves when the connection is over, whatever ended it. */
  readonly ended: Promise<void>

  constructor(socket: Duplex, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#nextStream = options.client === true ? 1 : 2
    socket.on('error', () => {}) // the reading loop ends by it
    this.ended = this.#run()
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size
  }

  /** Opens a stream. */
  open(headers: Headers): SpdyStream {
    const stream = this.#add(this.#nextStream, headers)
    this.#nextStream += 2
    this.#socket.write(openFrame(stream.id, this.#headersOut.write(headers)))
    return stream
  }

  async #run(): Promise<void> {
    const reader = new FrameReader()
    try {
      for await (const chunk of this.#socket) {
        if (!(chunk instanceof Buffer)) continue
        for (const frame of reader.read(chunk)) await this.#take(frame)
      }
    } catch {
      // A socket that broke, or bytes that are not SPDY: either way there is nobody to tell.
    } finally {
      this.#socket.destroy()
      this.#headersIn.close()
      for (const stream of this.#streams.values()) stream.lose()
    }
  }

  async #take(frame: Frame): Promise<void> {
    switch (frame.type) {
      case 'open':
        return this.#accept(frame, await this.#headersIn.read(frame.headers))
      case 'data':
        return this.#streams.get(frame.stream)?.receive(frame.bytes, frame.fin)
      case 'reset':
        return this.#streams.get(frame.stream)?.lose()
      case 'ping':
        // Pings with this side's numbers are answers. A client that does not read gets no more than its socket takes.
        return this.#isOwn(frame.id) ? undefined : this.#send(pingFrame(frame.id))
      default:
        return frame satisfies never
    }
  }

  #isOwn(id: number): boolean {
    return (id & 1) === (this.#nextStream & 1)
  }

  async #accept({ stream: id, fin }: { stream: number; fin: boolean }, headers: Headers): Promise<void> {
    if (this.#isOwn(id) || this.#streams.has(id)) return this.#send(resetFrame(id, RESET.protocolError))
    if (this.#streams.size >= MAX_STREAMS) return this.#send(resetFrame(id, RESET.refused))
    const stream = this.#add(id, headers)
    if (!this.#options.onStream(stream)) {
      stream.destroy()
      return
    }
    await this.#send(replyFrame(id, this.#headersOut.write(new Map())))
    if (fin) await stream.receive(Buffer.alloc(0), true)
  }

  #add(id: number, headers: Headers): SpdyStream {
    const stream = new SpdyStream(id, headers, this.#socket)
    this.#streams.set(id, stream)
    stream.once('close', () => this.#streams.delete(id))
    return stream
  }

  /** Resolves when the socket has taken the bytes. */
  #send(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  }
}

/** One stream of a connection: each direction ends by itself, and a stream that is destroyed before resets both. */
export class SpdyStream extends Duplex {
  readonly id: number
  readonly headers: Headers
  readonly #socket: Duplex
  #onRead: (() => void) | undefined
  #lost = false

  constructor(id: number, headers: Headers, socket: Duplex) {
    super({ readableHighWaterMark: STREAM_BUFFER_BYTES })
    this.id = id
    this.headers = headers
    this.#socket = socket
    this.on('error', () => {}) // its end is told by `close`
  }

  /** Takes what has come for it; resolves when there is room for more. */
  async receive(bytes: Buffer, fin: boolean): Promise<void> {
    if (this.destroyed || this.readableEnded) return
    const hasRoom = bytes.length === 0 || this.push(bytes)
    if (fin) this.push(null)
    else if (!hasRoom) await new Promise<void>((resolve) => (this.#onRead = resolve))
  }

  /** The other side has given it up, or the connection is gone. */
  lose(): void {
    this.#lost = true
    this.destroy()
  }

  override _read(): void {
    this.#onRead?.()
    this.#onRead = undefined
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.cork()
    this.#socket.write(dataHeader(this.id, chunk.length))
    this.#socket.write(chunk, done)
    this.#socket.uncork()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.write(dataHeader(this.id, 0, true), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const isOver = this.readableEnded && this.writableFinished
    if (!isOver && !this.#lost && !this.#socket.destroyed) this.#socket.write(resetFrame(this.id, RESET.cancel))
    this._read()
    done(error)
  }
}
