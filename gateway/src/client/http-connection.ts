import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { sendAtEndOfTurn, type Sender } from '../http1/end-of-turn.ts'
import type { IncomingAnswer } from './incoming-answer.ts'
import { lengthOf } from './pieces.ts'
import { ResponseParser } from './response-parser.ts'
import { UpstreamError } from './upstream-client.ts'

const READ_BYTES = 64 * 1024
/** A body up to here is sent in one piece with its head: copying it costs less than a second buffer in the system call. */
const JOINED_BYTES = 16 * 1024

/**
 * Where all connections read to: what is read is copied out before the next read, so one buffer does for all of them,
 * and none is allocated per read. On Windows a read is under way in its buffer all the time, so each needs its own.
 */
const SHARED = Buffer.allocUnsafeSlow(READ_BYTES)
const readBuffer = (): Buffer => (process.platform === 'win32' ? Buffer.allocUnsafeSlow(READ_BYTES) : SHARED)

/** One call as a connection carries it. */
export interface CarriedCall {
  readonly answer: IncomingAnswer
  readonly head: string
  readonly body: readonly Uint8Array[]
  /** The connection is no longer this call's. */
  leave(): void
}

/** Who owns a connection. */
export interface ConnectionOwner {
  /** The answer is complete. The connection takes another call, if `isReusable`; else it is closing. */
  onFree(connection: HttpConnection): void
  /** It is closed, with `call` unfinished if there is one. `error` says why, where that is known. */
  onClosed(connection: HttpConnection, call: CarriedCall | undefined, error: Error | undefined): void
}

/** Where an endpoint listens. */
export interface Address {
  /** A name or an IP address, without brackets. */
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
}

/** One connection to an endpoint, for one call at a time. */
export class HttpConnection implements Sender {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  #call: CarriedCall | undefined
  #parser: ResponseParser | undefined
  #isConnected = false
  #callsDone = 0
  #hasAnswerBegun = false
  #failure: Error | undefined
  /** A request that goes out at the end of the turn. */
  #unsent: Buffer | undefined
  #connectTimer: NodeJS.Timeout | undefined
  /** Until when an idle connection may be used, in monotonic milliseconds. */
  usableUntil = 0

  constructor(address: Address, connectMs: number, owner: ConnectionOwner) {
    this.#owner = owner
    const onread = {
      buffer: readBuffer(),
      callback: (size: number, buffer: Uint8Array) => this.#received(size, buffer),
    }
    this.#socket = open(address, onread)
    this.#connectTimer = setTimeout(() => {
      this.destroy(new UpstreamError('unreachable', `no connection within ${connectMs} ms`))
    }, connectMs)
    this.#socket
      .once(address.isSecure ? 'secureConnect' : 'connect', () => this.#connected())
      .once('end', () => this.#ended())
      .once('error', (error: Error) => (this.#failure ??= error))
      .once('close', () => this.#closed())
  }

  /** It was made; until then no failure can be blamed on a call. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  /** It has answered an earlier call and nothing of this one: the server may just have closed it. */
  get isWornOut(): boolean {
    return this.#callsDone > 0 && !this.#hasAnswerBegun
  }

  /** How long the server keeps it idle, in milliseconds, if it says so. */
  get keepMs(): number | undefined {
    return this.#parser?.keepMs
  }

  get isReusable(): boolean {
    return this.#call === undefined && !this.#socket.destroyed && this.#failure === undefined
  }

  /** Takes a call on. What is written before the connection is made waits for it. */
  carry(call: CarriedCall): void {
    this.#call = call
    this.#hasAnswerBegun = false
    this.#parser = new ResponseParser(call.answer)
    this.#write(call)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(reason?: Error): void {
    this.#failure ??= reason
    this.#socket.destroy()
  }

  send(): void {
    const bytes = this.#unsent
    this.#unsent = undefined
    if (bytes !== undefined && !this.#socket.destroyed) this.#socket.write(bytes)
  }

  #write({ head, body }: CarriedCall): void {
    const bodyBytes = lengthOf(body)
    if (bodyBytes > JOINED_BYTES) {
      const socket = this.#socket
      socket.cork()
      socket.write(head, 'latin1')
      for (const piece of body) socket.write(piece)
      socket.uncork()
      return
    }
    const bytes = Buffer.allocUnsafe(head.length + bodyBytes)
    let at = bytes.write(head, 'latin1')
    for (const piece of body) {
      bytes.set(piece, at)
      at += piece.length
    }
    this.#unsent = bytes
    sendAtEndOfTurn(this)
  }

  #connected(): void {
    this.#isConnected = true
    clearTimeout(this.#connectTimer)
  }

  /** @returns false where reading is to stop */
  #received(size: number, buffer: Uint8Array): boolean {
    const parser = this.#parser
    if (this.#call === undefined || parser === undefined || this.#unsent !== undefined) {
      this.destroy() // nobody has asked yet
      return false
    }
    this.#hasAnswerBegun = true
    try {
      parser.feed(Buffer.from(buffer.buffer, buffer.byteOffset, size))
    } catch (error) {
      this.destroy(error instanceof Error ? error : undefined)
      return false
    }
    if (parser.isDone) this.#done(parser)
    return true
  }

  #done(parser: ResponseParser): void {
    this.#call?.leave()
    this.#call = undefined
    this.#callsDone++
    if (this.#socket.isPaused()) this.#socket.resume() // an idle connection is read, to see that it is closed
    // A request that is not sent completely is answered all the same, but nothing can follow it.
    if (!parser.canReuse || this.#socket.writableLength > 0) this.destroy()
    this.#owner.onFree(this)
  }

  #ended(): void {
    const parser = this.#parser
    if (this.#call === undefined || parser === undefined) return
    try {
      parser.end()
      this.#done(parser)
    } catch (error) {
      if (error instanceof Error) this.#failure ??= error
    }
  }

  #closed(): void {
    clearTimeout(this.#connectTimer)
    const call = this.#call
    this.#call = undefined
    call?.leave()
    this.#owner.onClosed(this, call, this.#failure)
  }
}

function open({ host, port, isSecure }: Address, onread: OnReadOpts): Socket {
  const options = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000, onread }
  if (!isSecure) return connectPlain(options)
  // An address has no place in a server name (RFC 6066, section 3).
  return connectSecurely({ ...options, ALPNProtocols: ['http/1.1'], ...(isIP(host) === 0 && { servername: host }) })
}
