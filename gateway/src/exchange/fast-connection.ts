import type { Socket } from 'node:net'
import { sendAtEndOfTurn, type Sender } from '../http1/end-of-turn.ts'
import { isBodyTooSlow } from './body-pace.ts'
import type { Exchange } from './exchange.ts'
import { FastExchange } from './fast-exchange.ts'
import { IncomingBody } from './incoming-body.ts'
import { describeMalformed, refuseConnection } from './malformed.ts'
import { LINGER_MS, tooSlow } from './refusals.ts'
import { parseRequestHead } from './request-head.ts'

const HEAD_END = Buffer.from('\r\n\r\n')
/** A head that comes in more reads than this is not worth joining. */
const MAX_HEAD_READS = 16
/** How much of further requests is read while one is answered, in bytes. */
const MAX_PIPELINED_BYTES = 64 * 1024
/**
 * Up to here a piece is copied behind what waits for the end of the turn: one small write costs less than several buffers
 * in one system call. A larger piece is written at once.
 */
const JOINED_BYTES = 16 * 1024

/** What all connections of a listener share. */
export interface FastListener {
  readonly maxHeaderBytes: number
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly keepAliveMs: number
  readonly clientStallMs: number
  /** A clock that is right to about a second: monotonic milliseconds. */
  readonly coarseNowMs: number
  readonly isStopping: boolean
  /** The lines of an answer's head that are the same for a second. */
  readonly connectionLines: AnswerLines
  handle(exchange: Exchange): void
  /** Gives a connection to `node:http`, with what was read of it. */
  handOver(connection: FastConnection, socket: Socket, bytes: Buffer): void
  onRefused(code: string): void
  /** An answer is sent, and its client was told that the connection is kept. */
  onIdle(connection: FastConnection): void
  onClosed(connection: FastConnection): void
}

/** The end of a head by what follows: framing, date, whether the connection is kept. */
export interface AnswerLines {
  readonly kept: string
  readonly keptChunked: string
  readonly closing: string
  readonly closingChunked: string
}

/** One client connection whose requests we read ourselves, one after the other, as long as they are of the plain kind. */
export class FastConnection implements Sender {
  readonly remoteAddress: string
  readonly #listener: FastListener
  readonly #socket: Socket
  /** Read, and not yet a request. */
  #pending: Buffer | undefined
  #headReads = 0
  #exchange: FastExchange | undefined
  #body: IncomingBody | undefined
  /** The client or the gateway wants the connection to end after this answer, and the client was told so. */
  #isLast = false
  #isAnswered = false
  /** Goes out at the end of the turn. */
  #unsent: Buffer | undefined
  /** When it is closed if nothing changes, in coarse milliseconds. */
  #deadlineMs: number
  /** When the body was asked for. */
  #bodySinceMs = 0

  readonly #onData = (bytes: Buffer): void => this.#received(bytes)
  readonly #onEnd = (): void => this.#ended()
  readonly #onClose = (): void => this.#closed()
  readonly #onDrain = (): void => this.#drained()
  readonly #onTimeout = (): void => this.destroy()

  constructor(socket: Socket, listener: FastListener) {
    this.remoteAddress = socket.remoteAddress ?? '' // once: it is gone when the connection is
    this.#socket = socket
    this.#listener = listener
    this.#deadlineMs = listener.coarseNowMs + listener.headersTimeoutMs
    socket
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('close', this.#onClose)
      .on('drain', this.#onDrain)
      .on('timeout', this.#onTimeout)
      .on('error', ignore)
  }

  /** No request is under way and none has begun to arrive. */
  get isIdle(): boolean {
    return this.#exchange === undefined && this.#pending === undefined && this.#body === undefined
  }

  /** Closes it once everything that was written is sent. No request is begun any more: its answer could not be sent. */
  close(): void {
    this.#isLast = true
    this.send()
    this.#socket.destroySoon()
  }

  /** Breaks off an answer behind what was written of it. */
  cut(): void {
    this.send()
    this.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Takes the connection out of these hands; nothing of it is left here. */
  release(): void {
    this.#pending = undefined
    this.#socket
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('close', this.#onClose)
      .off('drain', this.#onDrain)
      .off('timeout', this.#onTimeout)
      .off('error', ignore)
  }

  /** Closes it if its time is up. Called about once a second. */
  check(nowMs: number): void {
    const body = this.#body
    if (body?.isAwaited === true) {
      const { bodyTimeoutMs } = this.#listener
      if (isBodyTooSlow(body.received, nowMs - this.#bodySinceMs, bodyTimeoutMs)) body.fail(tooSlow())
    }
    if (nowMs < this.#deadlineMs) return
    if (this.#pending === undefined) {
      this.destroy()
      return
    }
    const refusal = describeMalformed('ERR_HTTP_REQUEST_TIMEOUT')
    this.#listener.onRefused(refusal.code)
    this.#deadlineMs = Infinity
    refuseConnection(this.#socket, refusal)
  }

  /** The rest of a body that is not complete. */
  awaitBody(body: IncomingBody): Promise<Buffer> {
    this.#bodySinceMs = this.#listener.coarseNowMs
    const whole = body.wait()
    this.#socket.resume()
    return whole
  }

  /** The lines of a head that are the connection's affair. */
  answerLines(isChunked: boolean): string {
    this.#isLast ||= this.#listener.isStopping
    const { connectionLines: lines } = this.#listener
    if (this.#isLast) return isChunked ? lines.closingChunked : lines.closing
    return isChunked ? lines.keptChunked : lines.kept
  }

  /** @returns whether the client can take more at once; if not, the exchange is told when it can */
  write(before: string, chunk: Uint8Array, after: string): boolean {
    const socket = this.#socket
    if (before.length + chunk.length + after.length <= JOINED_BYTES) this.#writeLater(join(before, chunk, after))
    else this.#writeNow(before, chunk, after)
    if (!socket.writableNeedDrain || socket.writableLength === 0) return true
    socket.setTimeout(this.#listener.clientStallMs)
    return false
  }

  /** Sends the end of the answer. The next request is read when it is sent completely. */
  endAnswer(last: string): void {
    if (last !== '') this.#writeLater(Buffer.from(last, 'latin1'))
    this.#isAnswered = true
    if (this.#unsent === undefined) this.#awaitDelivery()
  }

  send(): void {
    const bytes = this.#unsent
    if (bytes === undefined) return
    this.#unsent = undefined
    if (this.#socket.destroyed) return
    this.#socket.write(bytes)
    if (this.#isAnswered) this.#awaitDelivery()
  }

  #writeLater(bytes: Buffer): void {
    if (this.#unsent !== undefined && this.#unsent.length + bytes.length > JOINED_BYTES) this.send()
    if (this.#unsent === undefined) sendAtEndOfTurn(this)
    this.#unsent = this.#unsent === undefined ? bytes : Buffer.concat([this.#unsent, bytes])
  }

  #writeNow(before: string, chunk: Uint8Array, after: string): void {
    this.send()
    const socket = this.#socket
    socket.cork()
    if (before !== '') socket.write(before, 'latin1')
    socket.write(chunk)
    if (after !== '') socket.write(after, 'latin1')
    socket.uncork()
  }

  #awaitDelivery(): void {
    const socket = this.#socket
    if (socket.writableLength === 0) {
      this.#delivered()
      return
    }
    socket.setTimeout(this.#listener.clientStallMs)
    socket.write('', () => this.#delivered())
  }

  #received(bytes: Buffer): void {
    const body = this.#body
    if (body !== undefined && !body.isComplete) {
      const missing = body.length - body.received
      body.push(bytes.length <= missing ? bytes : bytes.subarray(0, missing))
      if (body.isComplete && this.#exchange === undefined) this.#next()
      else if (body.isFull) this.#socket.pause()
      if (bytes.length <= missing) return
      this.#keep(bytes.subarray(missing))
    } else this.#keep(bytes)
    if (this.#isReading) this.#readHead()
  }

  /** Waits for a request, or for the rest of one's head. */
  get #isReading(): boolean {
    return this.#exchange === undefined && this.#body === undefined && !this.#isLast
  }

  #keep(bytes: Buffer): void {
    this.#pending = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes])
    if (!this.#isReading && this.#pending.length >= MAX_PIPELINED_BYTES) this.#socket.pause()
  }

  #readHead(): void {
    const bytes = this.#pending
    if (bytes === undefined) return
    const end = bytes.indexOf(HEAD_END)
    if (end === -1) {
      this.#awaitHead(bytes)
      return
    }
    const isSmall = end + HEAD_END.length < this.#listener.maxHeaderBytes
    const head = isSmall ? parseRequestHead(bytes.toString('latin1', 0, end)) : undefined
    if (head === undefined) {
      this.#listener.handOver(this, this.#socket, bytes)
      return
    }
    const bodyAt = end + HEAD_END.length
    const bodyEnd = Math.min(bytes.length, bodyAt + head.bodyBytes)
    const body = new IncomingBody(head.bodyBytes)
    body.push(bytes.subarray(bodyAt, bodyEnd))
    this.#pending = bodyEnd === bytes.length ? undefined : bytes.subarray(bodyEnd)
    this.#body = body
    this.#headReads = 0
    this.#isLast = !head.isKept
    this.#isAnswered = false
    this.#deadlineMs = Infinity
    const exchange = new FastExchange(this, head, body)
    this.#exchange = exchange
    this.#listener.handle(exchange)
  }

  #awaitHead(bytes: Buffer): void {
    const isLong = bytes.length >= this.#listener.maxHeaderBytes || ++this.#headReads > MAX_HEAD_READS
    if (isLong || !mayBecomePlain(bytes)) {
      this.#listener.handOver(this, this.#socket, bytes)
      return
    }
    // Counted from the first byte on, so that a byte now and then does not keep the connection open.
    if (this.#headReads === 1) this.#deadlineMs = this.#listener.coarseNowMs + this.#listener.headersTimeoutMs
  }

  #drained(): void {
    this.#socket.setTimeout(0)
    this.#exchange?.drained()
  }

  #delivered(): void {
    const exchange = this.#exchange
    if (exchange === undefined || this.#socket.destroyed) return
    this.#exchange = undefined
    if ((this.#socket.timeout ?? 0) !== 0) this.#socket.setTimeout(0)
    exchange.delivered()
    if (this.#body?.isComplete === false) this.#linger(this.#body)
    else this.#next()
  }

  /**
   * Discards what a refused client still sends, for a while: closing at once would reset the connection under the
   * answer that it has not read yet.
   */
  #linger(body: IncomingBody): void {
    body.discard()
    this.#deadlineMs = this.#listener.coarseNowMs + LINGER_MS
    this.#socket.resume()
  }

  #next(): void {
    this.#body = undefined
    if (this.#isLast) {
      this.#pending = undefined
      this.#deadlineMs = this.#listener.coarseNowMs + LINGER_MS
      this.close()
      return
    }
    this.#deadlineMs = this.#listener.coarseNowMs + this.#listener.keepAliveMs
    if (this.#socket.isPaused()) this.#socket.resume()
    // Not at once: a client that sends a thousand requests in one go must not be answered a thousand calls deep.
    if (this.#pending !== undefined) process.nextTick(() => this.#readPending())
    else this.#listener.onIdle(this)
  }

  #readPending(): void {
    if (this.#isReading && !this.#socket.destroyed) this.#readHead()
  }

  /** A client that closes its side is taken for gone, as most are: waiting to see would cost a generation each time. */
  #ended(): void {
    if (this.#exchange !== undefined && !this.#isAnswered) this.destroy()
    else this.close()
  }

  #closed(): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    this.#deadlineMs = Infinity
    this.#listener.onClosed(this)
    exchange?.clientLeft()
  }
}

/** Whether these may be the first bytes of a request that we read ourselves. */
function mayBecomePlain(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 6)
  return 'POST /'.startsWith(start) || start.startsWith('GET /') || 'GET /'.startsWith(start)
}

/** @param before and `after` are latin1 */
function join(before: string, chunk: Uint8Array, after: string): Buffer {
  const bytes = Buffer.allocUnsafe(before.length + chunk.length + after.length)
  bytes.write(before, 'latin1')
  bytes.set(chunk, before.length)
  if (after !== '') bytes.write(after, before.length + chunk.length, 'latin1')
  return bytes
}

function ignore(): void {
  // `close` tells what matters.
}
