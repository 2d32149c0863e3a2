import { setTimeout as delay } from 'node:timers/promises'
import type { TestCluster } from './clusters/cluster.ts'

/** Pause of a client between two requests. */
const PAUSE_MS = 50

/** What a client saw. */
export interface Seen {
  answered: number
  /** Every answer but a 200, and every connection that broke. */
  readonly failures: string[]
}

export interface ChattingClients {
  readonly seen: ReadonlyMap<string, Seen>
  /** Ends all clients after the request each is at. */
  stop(): Promise<void>
}

/** Clients that chat through the gateway without end, one for each model, each request after the answer to the last. */
export function startChattingClients(
  { gatewayUrl }: Pick<TestCluster, 'gatewayUrl'>,
  key: string,
  models: readonly string[],
): ChattingClients {
  const stopped = new AbortController()
  const seen = new Map(models.map((model): [string, Seen] => [model, { answered: 0, failures: [] }]))
  const clients = [...seen].map(async ([model, record]) => {
    while (!stopped.signal.aborted) {
      const outcome = await chat(gatewayUrl, key, model).catch(String)
      if (outcome === 'ok') record.answered += 1
      else record.failures.push(outcome)
      await delay(PAUSE_MS)
    }
  })
  return {
    seen,
    async stop() {
      stopped.abort()
      await Promise.all(clients)
    },
  }
}

/** `ok`, or what was answered instead. */
export async function chat(gatewayUrl: string, key: string, model: string): Promise<string> {
  const response = await fetch(`${gatewayUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  })
  const text = await response.text()
  return response.ok && text.includes('hello') ? 'ok' : `${response.status} ${text}`
}
