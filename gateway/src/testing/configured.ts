import { writeConfig } from '../config/testing.ts'
import type { Environment } from '../config/load-config.ts'
import { chat, startTestGateway, startUpstream, type Received } from './running.ts'

/** Upstreams by name: `url`, or that and more of their settings. */
export type TestUpstreams = Readonly<Record<string, string | Readonly<Record<string, unknown>>>>

/**
 * A gateway that ends with the test, by a file and these upstreams, whose calls are repeated without a pause.
 */
export function startConfigured(upstreams: TestUpstreams, config: Record<string, unknown> = {}, env: Environment = {}) {
  const text = JSON.stringify({
    upstreams: Object.entries(upstreams).map(([name, given]) =>
      typeof given === 'string' ? { name, url: given } : { name, ...given },
    ),
    retries: { backoffMs: [0, 0] },
    limits: { default: { requestsPerWindow: null } },
    ...config,
  })
  return startTestGateway({ GATEWAY_CONFIG_FILE: writeConfig(text), ...env })
}

/** An upstream that gives these answers in turn, and the last one from then on. */
export function startAnswering(...answers: ((received: Received) => void)[]) {
  let next = 0
  return startUpstream((received) => {
    answers[Math.min(next++, answers.length - 1)]?.(received)
  })
}

/** Answers with a status and a body of JSON. */
export function status(code: number, body: string, headers: Record<string, string> = {}): (received: Received) => void {
  return ({ response }) => void response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(body)
}

/** A stopping gateway waits for connections that are idle; these are closed by then. */
const ALONE = { connection: 'close' }

/** Posts a chat call with the test's key, on a connection of its own. */
export function ask(
  url: string,
  body: string | Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return chat(url, body, { ...ALONE, ...headers })
}

/** The value of one series as the gateway shows it; 0 if there is none. */
export async function seriesOf(url: string, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: ALONE })).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return Number(line?.slice(series.length + 1) ?? 0)
}
