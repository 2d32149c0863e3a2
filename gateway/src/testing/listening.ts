import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { Server, type ServerConfig } from '../config/schema/server.ts'
import { renderEnvelope, toGatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Listener } from '../exchange/listener.ts'
import { startListener, type Transport } from '../exchange/start-listener.ts'

/** A listener on a free port that ends with the test, and what it said. */
export interface Listening extends Listener {
  readonly exchanges: Exchange[]
  readonly refused: string[]
}

/** Listens with `answer` for every exchange. What it throws is answered as the gateway would. */
export async function listen(
  transport: Transport,
  answer: (exchange: Exchange) => void | Promise<void>,
  config: Partial<ServerConfig> = {},
): Promise<Listening> {
  const exchanges: Exchange[] = []
  const refused: string[] = []
  const handle = async (exchange: Exchange): Promise<void> => {
    exchanges.push(exchange)
    try {
      await answer(exchange)
    } catch (thrown) {
      refuse(exchange, thrown)
    }
  }
  const listener = await startListener(
    {
      config: { ...Server.parse({}), ...config },
      host: '127.0.0.1',
      port: 0,
      handle,
      onRefused: (code) => refused.push(code),
    },
    transport,
  )
  onTestFinished(async () => {
    listener.stopAccepting()
    listener.destroy()
    await listener.closed()
  })
  return { ...listener, exchanges, refused }
}

function refuse(exchange: Exchange, thrown: unknown): void {
  const error = toGatewayError(thrown)
  if (exchange.sent.status !== 0 || exchange.isClientGone) exchange.cut()
  else exchange.respond(error.status, { 'content-type': 'application/json' }, renderEnvelope(error))
}

/** Answers with the body that came. */
export async function echo(exchange: Exchange): Promise<void> {
  const body = await exchange.readBody(1024 * 1024)
  exchange.respond(200, { 'content-type': 'application/json' }, body)
}

/** A raw connection that ends with the test, and everything that it receives. */
export class Wire {
  readonly socket: Socket
  received = ''
  isClosed = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (bytes) => (this.received += bytes.toString('latin1')))
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => (this.isClosed = true))
    onTestFinished(() => void this.socket.destroy())
  }

  send(text: string | Buffer): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** Everything received when the other side has closed. */
  async closed(): Promise<string> {
    if (!this.isClosed) await once(this.socket, 'close')
    return this.received
  }
}
