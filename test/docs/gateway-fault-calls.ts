import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** The key of the gateway in this test. */
export const KEY = 'gw-test-fault-table'

/** What a client saw. */
export interface Seen {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
  /** The answer ended as HTTP says it must. */
  readonly isWhole: boolean
}

/** Asks a gateway for a chat and reads whatever comes. */
export function ask(url: string, model: string, stream: boolean): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
    const sent = request(`${url}/v1/chat/completions`, { method: 'POST', headers, agent: false }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', () => undefined)
      response.on('close', () => {
        const { statusCode: status = 0, complete: isWhole } = response
        resolve({ status, headers: response.headers, body: Buffer.concat(pieces).toString(), isWhole })
      })
    })
    sent.once('error', reject)
    sent.end(JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hello there' }] }))
  })
}

/** The numbers of a gateway by series, once it is at rest. */
export async function numbersOf(url: string): Promise<ReadonlyMap<string, number>> {
  for (;;) {
    const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
    const series = lines.filter((line) => line.startsWith('gateway_')).map((line) => line.split(/ (?=\S+$)/))
    const numbers = new Map(series.map(([name = '', value]) => [name, Number(value)]))
    // The scrape is a request itself.
    if (numbers.get('gateway_in_flight_requests') === 1) return numbers
    await pause(20)
  }
}

/** The counters that rose between two looks, by how much. */
export function risen(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Map<string, number> {
  const rises = [...after].map(([series, value]) => [series, value - (before.get(series) ?? 0)] as const)
  return new Map(rises.filter(([series, rise]) => rise > 0 && /_total[{ ]?/.test(series)))
}

/** What a client can tell of an answer, in words. */
export function describeAnswer({ status, body, isWhole }: Seen, stream: boolean): string {
  if (status !== 200) return `${status} ${codeOf(body)}`
  if (!isWhole) return '200, and the connection breaks'
  if (!stream || !body.includes('data:')) return '200, whole'
  const last =
    body
      .trimEnd()
      .split(/\r?\n\r?\n/)
      .at(-1) ?? ''
  if (last.includes('[DONE]')) return /"error":/.test(body) ? '200, its error event, `[DONE]`' : '200, whole, `[DONE]`'
  if (last.includes('"error":')) return `200, error event ${codeOf(last.slice(last.indexOf('{')))}, no \`[DONE]\``
  return '200, whole, no `[DONE]`'
}

/** The code of an error of either form, as code; a text that has none as it is. */
function codeOf(json: string): string {
  try {
    const parsed: unknown = JSON.parse(json)
    const error = fieldOf(parsed, 'error')
    return `\`${String(fieldOf(error, 'code') ?? fieldOf(error, 'type'))}\``
  } catch {
    return 'without an envelope'
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
}
