import { onTestFinished } from 'vitest'
import { readConfig } from '../config.ts'
import type { Environment } from '../config.ts'
import { jsonLog } from '../log.ts'
import { startWorker } from '../server.ts'

/** A ready worker on a free port that ends with the test; tokens come without delay unless `env` says otherwise. */
export async function startReady(env: Environment = {}): Promise<{ readonly url: string }> {
  const result = readConfig({ PORT: '0', WORKER_TOKEN_DELAY_MS: '0', ...env })
  if (!result.ok) throw new Error(result.problems.join('; '))
  const worker = await startWorker(
    result.config,
    jsonLog(() => undefined),
  )
  onTestFinished(() => worker.close())
  await worker.ready
  return { url: `http://127.0.0.1:${worker.port}` }
}

/** Posts JSON. */
export function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body: JSON.stringify(body), headers })
}

/** Posts a chat that says `hello there`. */
export function chat(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  const messages = [{ role: 'user', content: 'hello there' }]
  return post(`${url}/v1/chat/completions`, { model: 'm', messages, ...body }, headers)
}
