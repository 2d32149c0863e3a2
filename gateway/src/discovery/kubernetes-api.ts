import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, request } from 'undici'

/** How to reach the API server from inside a pod. */
export interface KubernetesApiOptions {
  /** `https://host:port` */
  readonly url: string
  /** Folder with `token` and `ca.crt`. */
  readonly serviceAccountDir: string
}

/** The API server refused a call. */
export class KubernetesApiError extends Error {
  override readonly name = 'KubernetesApiError' as const
  readonly status: number

  constructor(status: number, path: string) {
    super(`the API server answered ${status} to GET ${path.replace(/\?.*/, '')}`)
    this.status = status
  }
}

/**
 * The two reads that a list-watch needs. A session is short: it reads the token and the certificate once, so that both
 * may rotate between sessions.
 */
export class KubernetesSession {
  readonly #options: KubernetesApiOptions
  readonly #token: string
  readonly #agent: Agent

  private constructor(options: KubernetesApiOptions, token: string, ca: string) {
    this.#options = options
    this.#token = token
    this.#agent = new Agent({ connect: { ca, timeout: 5_000 }, allowH2: false, headersTimeout: 30_000, bodyTimeout: 0 })
  }

  /** @throws the file system's error when the service account is not mounted */
  static async open(options: KubernetesApiOptions): Promise<KubernetesSession> {
    const read = (file: string): Promise<string> => readFile(join(options.serviceAccountDir, file), 'utf8')
    const [token, ca] = await Promise.all([read('token'), read('ca.crt')])
    return new KubernetesSession(options, token.trim(), ca)
  }

  /** @throws KubernetesApiError for any answer but 200 */
  async get(path: string, signal: AbortSignal): Promise<unknown> {
    const body = await this.#send(path, signal)
    return body.json()
  }

  /**
   * Reads an answer line by line, each a JSON value, until the server ends it.
   *
   * @param silenceMs ends the read when the server sends nothing for so long: a connection may be gone without a word
   */
  async *readLines(path: string, signal: AbortSignal, silenceMs: number): AsyncGenerator<unknown, void> {
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(new Error(`the API server was silent for ${silenceMs} ms`)), silenceMs)
    try {
      const body = await this.#send(path, AbortSignal.any([signal, silence.signal]))
      for await (const line of splitLines(body, () => timer.refresh())) if (line !== '') yield JSON.parse(line)
      silence.signal.throwIfAborted()
    } finally {
      clearTimeout(timer)
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  async #send(path: string, signal: AbortSignal) {
    const headers = { authorization: `Bearer ${this.#token}`, accept: 'application/json' }
    const response = await request(this.#options.url + path, { dispatcher: this.#agent, headers, signal })
    if (response.statusCode === 200) return response.body
    await response.body.dump()
    throw new KubernetesApiError(response.statusCode, path)
  }
}

/** Lines of a body, also when a chunk ends in the middle of one or of a character. */
async function* splitLines(body: AsyncIterable<Uint8Array>, onChunk: () => void): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    onChunk()
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
