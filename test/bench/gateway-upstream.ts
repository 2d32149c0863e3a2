import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** How the next answers of a {@link BenchUpstream} are given. */
export type Behaviour =
  /** A small answer at once. */
  | 'answer'
  /** Nothing, until `release`. */
  | 'hold'
  /** The first event of a stream, and nothing more. */
  | 'open'
  /** Events without end, as fast as they are read. */
  | 'flood'

const ANSWER = JSON.stringify({
  object: 'chat.completion',
  choices: [],
  usage: { prompt_tokens: 1, completion_tokens: 1 },
})
const EVENT = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(1024) } }] })}\n\n`

/** A model server in this process whose answers a measure directs. */
export class BenchUpstream {
  behaviour: Behaviour = 'answer'
  url = ''
  #held: ServerResponse[] = []
  readonly #server = createServer((request, response) => this.#handle(request, response))

  /** Requests whose bodies have arrived and that wait for `release`. */
  get held(): number {
    return this.#held.length
  }

  async start(): Promise<this> {
    this.#server.keepAliveTimeout = 75_000
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    this.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    return this
  }

  release(): void {
    const held = this.#held
    this.#held = []
    for (const response of held) answer(response)
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    request.on('end', () => {
      if (request.method === 'GET' || this.behaviour === 'answer') answer(response)
      else if (this.behaviour === 'hold') this.#held.push(response)
      else stream(response, this.behaviour === 'flood')
    })
  }
}

function answer(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length })
  response.end(ANSWER)
}

function stream(response: ServerResponse, isEndless: boolean): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(EVENT)
  if (!isEndless) return
  const pour = (): void => {
    while (!response.destroyed && response.write(EVENT));
  }
  response.on('drain', pour)
  pour()
}
