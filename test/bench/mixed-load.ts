import { Agent, request, type IncomingMessage } from 'node:http'

/** The kinds of calls a gateway lives with, and how many of a hundred each is. */
const MIX = [
  ['plain', 40],
  ['stream', 25],
  ['leave', 15],
  ['cut', 5],
  ['refusal', 5],
  ['forgedKey', 5],
  ['malformed', 5],
] as const

type Kind = (typeof MIX)[number][0]

const KINDS = MIX.flatMap(([kind, share]) => Array.from({ length: share }, (): Kind => kind))

/** What calls came to, by kind and ending. */
export type Tally = Map<string, number>

/** What a load is sent with. */
export interface LoadOptions {
  readonly url: string
  readonly key: string
  readonly requestsPerSecond: number
  /** Calls under way at most: a gateway that is slower gets fewer. */
  readonly maxConcurrent: number
  readonly signal: AbortSignal
}

/**
 * Sends calls of all kinds at a steady rate until the signal. Each asks for a model, and has a prompt and a trace, that no
 * other call has: whatever a gateway remembers by these would grow.
 */
export async function sendMixedLoad(options: LoadOptions): Promise<Tally> {
  const tally: Tally = new Map()
  const agent = new Agent({ keepAlive: true, maxSockets: options.maxConcurrent })
  const underWay = new Set<Promise<void>>()
  const startedMs = performance.now()
  for (let sent = 0; !options.signal.aborted; sent++) {
    const dueMs = startedMs + (sent * 1000) / options.requestsPerSecond
    if (dueMs > performance.now()) await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()))
    if (underWay.size >= options.maxConcurrent) await Promise.race(underWay)
    // 37 has no divisor in common with 100: every hundred calls have the whole mix, well stirred.
    const kind = KINDS[(sent * 37) % KINDS.length] ?? 'plain'
    const call = sendOne(kind, sent, options, agent)
      .then((ending) => void tally.set(`${kind}: ${ending}`, (tally.get(`${kind}: ${ending}`) ?? 0) + 1))
      .finally(() => underWay.delete(call))
    underWay.add(call)
  }
  await Promise.all(underWay)
  agent.destroy()
  return tally
}

const FAULTS: Partial<Record<Kind, string>> = {
  stream: 'tokens=20;token-delay=2',
  leave: 'tokens=1000;token-delay=5',
  cut: 'tokens=20;token-delay=2;cut=5',
  refusal: 'status=400',
}

/** @returns the status, and how the answer ended */
function sendOne(kind: Kind, sent: number, { url, key }: LoadOptions, agent: Agent): Promise<string> {
  const stream = kind === 'stream' || kind === 'leave' || kind === 'cut'
  const content = `${sent} `.repeat(1 + ((sent * 7919) % 500))
  const body = JSON.stringify({ model: `model-${sent}`, stream, messages: [{ role: 'user', content }] })
  const fault = FAULTS[kind]
  return new Promise((resolve) => {
    const call = request(`${url}/v1/chat/completions`, {
      agent,
      method: 'POST',
      headers: {
        authorization: `Bearer ${kind === 'forgedKey' ? `gw-test-forged-${sent}` : key}`,
        'x-session-id': `session-${sent}`,
        'idempotency-key': `once-${sent}`,
        ...(fault !== undefined && { 'x-mock-fault': fault }),
      },
    })
    call.once('error', () => resolve('no answer'))
    call.once('response', (response) => {
      const ended = readAnswer(response, kind === 'leave')
      void ended.then((ending) => resolve(`${response.statusCode ?? 0} ${ending}`))
    })
    call.end(kind === 'malformed' ? body.slice(0, -2) : body)
  })
}

/** Reads to the end, or leaves in the middle of it. */
async function readAnswer(response: IncomingMessage, leaves: boolean): Promise<string> {
  let pieces = 0
  try {
    for await (const _ of response) {
      pieces += 1
      if (leaves && pieces === 5) return 'left'
    }
    return 'whole'
  } catch {
    return 'broken'
  }
}
