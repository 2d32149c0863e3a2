import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import type { Proxy } from './gateway-processes.ts'
import type { BenchUpstream } from './gateway-upstream.ts'

const MIB = 1024 * 1024
const ROUNDS = 60

/** The median time of one call with a body of one MiB for each proxy, in milliseconds. The calls take turns. */
export async function timeLargePrompts(proxies: readonly Proxy[]): Promise<Map<string, number>> {
  const body = largePrompt()
  const agent = new Agent({ keepAlive: true })
  const times = new Map<string, number[]>(proxies.map(({ name }) => [name, []]))
  for (let round = -5; round < ROUNDS; round++) {
    for (const { name, port } of proxies) {
      const started = performance.now()
      await drain(await post(port, body, agent))
      if (round >= 0) times.get(name)?.push(performance.now() - started)
    }
  }
  agent.destroy()
  return new Map([...times].map(([name, list]) => [name, median(list)]))
}

/** How much memory a call with a body of one MiB takes while its upstream thinks, as a multiple of the body. */
export async function memoryOfLargePrompts(proxy: Proxy, upstream: BenchUpstream, calls: number): Promise<number> {
  const body = largePrompt()
  const agent = new Agent({ keepAlive: true })
  await drain(await post(proxy.port, body, agent))
  const before = proxy.rssBytes()
  upstream.behaviour = 'hold'
  const answers = Array.from({ length: calls }, () => post(proxy.port, body, agent))
  await until(() => upstream.held === calls)
  const after = proxy.rssBytes()
  upstream.behaviour = 'answer'
  upstream.release()
  for (const answer of answers) await drain(await answer)
  agent.destroy()
  return (after - before) / (calls * body.length)
}

/** The memory of a proxy with so many streams open, in bytes. */
export async function memoryOfStreams(proxy: Proxy, upstream: BenchUpstream, streams: number): Promise<number> {
  upstream.behaviour = 'open'
  const agent = new Agent({ maxSockets: streams })
  const open: IncomingMessage[] = []
  while (open.length < streams) {
    const batch = Array.from({ length: Math.min(100, streams - open.length) }, () => post(proxy.port, CHAT, agent))
    open.push(...(await Promise.all(batch)))
  }
  const rss = proxy.rssBytes()
  for (const answer of open) answer.destroy()
  upstream.behaviour = 'answer'
  return rss
}

/**
 * The memory that one reader who does not read costs a proxy while its upstream sends without end, in bytes. It is what
 * `more` readers add to a few, since the first ones also pay for a heap that has not worked yet.
 */
export async function memoryOfStalledReader(proxy: Proxy, upstream: BenchUpstream, more: number): Promise<number> {
  upstream.behaviour = 'flood'
  const agent = new Agent({ maxSockets: 2 * more })
  const stall = async (): Promise<{ rss: number; answers: IncomingMessage[] }> => {
    const answers = await Promise.all(Array.from({ length: more }, () => post(proxy.port, CHAT, agent)))
    for (const answer of answers) answer.pause()
    return { rss: await settled(() => proxy.rssBytes()), answers }
  }
  const first = await stall()
  const second = await stall()
  for (const answer of [...first.answers, ...second.answers]) answer.destroy()
  upstream.behaviour = 'answer'
  return (second.rss - first.rss) / more
}

const CHAT = Buffer.from(JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hello' }] }))

function largePrompt(): Buffer {
  const frame = Buffer.byteLength(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: '' }] }))
  return Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'w'.repeat(MIB - frame) }] }))
}

async function post(port: number, body: Buffer, agent: Agent): Promise<IncomingMessage> {
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    authorization: 'Bearer bench-key',
  }
  const call = request({ host: '127.0.0.1', port, path: '/v1/chat/completions', method: 'POST', headers, agent })
  const answered = new Promise<IncomingMessage>((resolve, reject) => call.once('response', resolve).on('error', reject))
  call.end(body)
  const answer = await answered
  answer.on('error', () => undefined)
  if (answer.statusCode !== 200) throw new Error(`port ${port} answered ${answer.statusCode}: ${await textOf(answer)}`)
  return answer
}

async function drain(answer: IncomingMessage): Promise<void> {
  answer.resume()
  if (!answer.complete) await once(answer, 'end')
}

async function textOf(answer: IncomingMessage): Promise<string> {
  answer.setEncoding('utf8')
  let text = ''
  answer.on('data', (piece: string) => (text += piece))
  await once(answer, 'end')
  return text
}

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 60_000
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error('what is measured did not come about within a minute')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A reading once it has not grown for two seconds. */
async function settled(read: () => number): Promise<number> {
  let highest = read()
  for (let quiet = 0; quiet < 10; quiet++) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    const now = read()
    if (now > highest * 1.01) quiet = 0
    highest = Math.max(highest, now)
  }
  return highest
}

function median(list: number[]): number {
  return list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN
}
