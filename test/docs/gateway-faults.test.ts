import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { portOf } from '@nexus/kube/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { startGatewayProgram } from '../contract/running-gateway.ts'
import { spawnWorker } from '../contract/openai/target.ts'
import { root } from '../e2e/clusters/paths.ts'
import { ask, describeAnswer, KEY, numbersOf, risen } from './gateway-fault-calls.ts'
import { renderTable } from './render-table.ts'

/** One thing that goes wrong: a switch of the mock worker, or a server that is none. */
interface Fault {
  readonly fault: string
  readonly server?: (socket: Socket) => void
  readonly isClosed?: boolean
  /** Its times are short: it is about them. */
  readonly isSlow?: boolean
  /** The first call goes well. */
  readonly calls?: number
}

const FAULTS: readonly Fault[] = [
  { fault: 'nothing listens', isClosed: true },
  { fault: 'every connection is closed', server: (socket) => void socket.once('data', () => socket.end()) },
  { fault: 'every connection is reset', server: (socket) => void socket.once('data', () => socket.resetAndDestroy()) },
  { fault: 'nothing is ever answered', server: (socket) => void socket.resume(), isSlow: true },
  {
    fault: 'the answer is not HTTP',
    server: (socket) => void socket.once('data', () => socket.end('SSH-2.0-server\r\n')),
  },
  { fault: 'first-byte-delay=60000', isSlow: true },
  { fault: 'token-delay=60000', isSlow: true },
  { fault: 'slow-drip=0' },
  { fault: 'tokens=50' },
  { fault: 'cut=2;token-delay=20' },
  { fault: 'end=2;token-delay=20' },
  { fault: 'no-done' },
  { fault: 'malformed=2' },
  { fault: 'error-event' },
  { fault: 'error-event-at=3;token-delay=20' },
  { fault: 'status=400' },
  { fault: 'status=401' },
  { fault: 'status=422' },
  { fault: 'status=500' },
  { fault: 'status=502' },
  { fault: 'status=503' },
  { fault: 'status=503;retry-after=7' },
  { fault: 'retry-after=7' },
  { fault: 'status=503;times=1' },
  { fault: 'reset-on-reuse', calls: 2 },
  { fault: 'not-json' },
  { fault: 'no-usage' },
  { fault: 'crlf' },
  { fault: 'split=1' },
  { fault: 'split-utf8' },
  { fault: 'huge-event=2000000' },
  { fault: 'headers' },
  { fault: 'gzip' },
]

const Stats = z.object({ requests: z.number() })
const Breakers = z.record(z.string(), z.object({ failure_count: z.number() }))

test(
  'docs/reference/gateway-faults.md says what becomes of a call under every fault',
  { timeout: 120_000 },
  async () => {
    const setting = await setUp()
    expect(await setting.switches()).toEqual(namesOf(FAULTS))
    const rows: string[][] = []
    for (const [index, fault] of FAULTS.entries()) {
      const plain = await setting.observe(fault, `fault-${index}-plain`, false)
      const stream = await setting.observe(fault, `fault-${index}-stream`, true)
      const name = fault.fault.includes(' ') ? fault.fault : `\`${fault.fault}\``
      if (plain.slice(1).join() === stream.slice(1).join()) {
        const answer = plain[0] === stream[0] ? plain[0] : `${plain[0]}; as a stream: ${stream[0]}`
        rows.push([name, 'both', answer ?? '', ...plain.slice(1)])
      } else rows.push([name, 'plain', ...plain], [name, 'stream', ...stream])
    }
    expect((await fetch(`${setting.gateway}/ready`)).status).toBe(200)
    await expect(renderPage(rows)).toMatchFileSnapshot(join(root, 'docs', 'reference', 'gateway-faults.md'))
  },
)

/** A worker and a gateway that knows each fault as four models: for plain answers and streams, alone and with a fallback. */
async function setUp() {
  const worker = await spawnWorker()
  onTestFinished(() => worker.stop())
  const entries = await Promise.all(FAULTS.map((fault, index) => entriesOf(fault, `fault-${index}`, worker.url)))
  const gateway = await startGatewayProgram({
    GATEWAY_CONFIG_FILE: await writeConfig({
      auth: { keys: [{ key: KEY }] },
      upstreams: [...entries.flatMap(({ upstreams }) => upstreams), { name: 'backup', url: worker.url }],
      upstreamDefaults: { health: { enabled: false } },
      models: entries.flatMap(({ models }) => models),
      retries: { maxAttempts: 2, budgetPercent: 100, backoffMs: [0, 0] },
      limits: { default: { requestsPerWindow: null } },
      accessLog: false,
    }),
  })
  const requests = async (): Promise<number> =>
    Stats.parse(await (await fetch(`${worker.url}/mock/stats`)).json()).requests
  const failuresOf = async (upstream: string): Promise<number> => {
    const response = await fetch(`${gateway}/v1/circuit-breakers`, { headers: { 'x-api-key': KEY } })
    return Breakers.parse(await response.json())[upstream]?.failure_count ?? 0
  }
  const observe = async ({ calls = 1, server, isClosed }: Fault, model: string, stream: boolean) => {
    for (let call = 1; call < calls; call += 1) await ask(gateway, model, stream)
    const [before, requestsBefore] = [await numbersOf(gateway), await requests()]
    const seen = await ask(gateway, model, stream)
    const after = await numbersOf(gateway)
    const rises = risen(before, after)
    const attempts = attemptsOf(rises, model)
    const isRepeated = server === undefined && isClosed !== true && (await requests()) - requestsBefore > attempts
    const isPaused = [...after].some(
      ([series, value]) => value === 0 && series.startsWith(`gateway_upstream_endpoint_state{upstream="${model}"`),
    )
    const failures = await failuresOf(model)
    const backed = await ask(gateway, `${model}-backed`, stream)
    return [
      describeAnswer(seen, stream),
      isRepeated ? 'at once, on a new connection' : attempts > 1 ? 'yes' : 'no',
      backed.headers['x-upstream'] === 'backup' ? 'yes' : 'no',
      failures > 0 ? `${failures} failure${failures > 1 ? 's' : ''}` : isPaused ? 'a pause' : 'nothing',
      metricsOf(rises),
    ]
  }
  return { gateway, observe, switches: () => switchesOf(worker.url) }
}

/** The upstreams and models of one fault. */
async function entriesOf({ fault, server, isClosed, isSlow }: Fault, name: string, worker: string) {
  const url = isClosed === true ? await closedPort() : server === undefined ? worker : await listen(server)
  const kinds = ['plain', 'stream'].flatMap((kind) => [`${name}-${kind}`, `${name}-${kind}-backed`])
  return {
    upstreams: kinds.map((kind) => ({
      name: kind,
      url,
      ...(isSlow === true && { timeouts: { firstByteMs: 500, idleMs: 500 } }),
    })),
    models: kinds.map((kind) => ({
      id: kind,
      route: { strategy: 'direct', target: kind },
      served: { [kind]: `mock-worker+fault=${fault.includes(' ') ? 'tokens=1' : fault};id=${kind}` },
      ...(kind.endsWith('-backed') && { fallback: { models: ['backup'] } }),
    })),
  }
}

async function writeConfig(config: Record<string, unknown>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-gateway-faults-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'gateway.json')
  await writeFile(file, JSON.stringify(config))
  return file
}

/** A server of this test that does this with each connection. */
async function listen(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${portOf(server.address())}`
}

/** An address where nothing listens. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${portOf(server.address())}`
  server.close()
  await once(server, 'close')
  return url
}

function attemptsOf(rises: ReadonlyMap<string, number>, upstream: string): number {
  const own = [...rises].filter(([series]) =>
    series.startsWith(`gateway_upstream_requests_total{upstream="${upstream}"`),
  )
  return own.reduce((sum, [, rise]) => sum + rise, 0)
}

/** The counters that say that something went wrong. */
function metricsOf(rises: ReadonlyMap<string, number>): string {
  const shown = [...rises].flatMap(([series, rise]) => {
    if (series.startsWith('gateway_upstream_requests_total')) {
      return series.includes('status="error"') ? [`\`gateway_upstream_requests_total{status="error"}\` ${rise}`] : []
    }
    return /^gateway_(retries|stream_errors|circuit_open|client_aborts)_total/.test(series)
      ? [`\`${series}\` ${rise}`]
      : []
  })
  return shown.join(', ') || 'as for any call'
}

/** Every switch of the mock worker that can be in a table; it lists them when it is asked for one that it lacks. */
async function switchesOf(worker: string): Promise<string[]> {
  const response = await fetch(`${worker}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-mock-fault': 'unheard-of' },
    body: '{"model":"mock-worker","messages":[{"role":"user","content":"hello"}]}',
  })
  const list = /Faults are: ([^"]+?)\./.exec(await response.text())?.[1] ?? ''
  return [...list.matchAll(/[a-z][a-z0-9-]+/g)]
    .map(([name]) => name)
    .filter((name) => name !== 'id')
    .toSorted()
}

function namesOf(faults: readonly Fault[]): string[] {
  const names = faults.filter(({ fault }) => !fault.includes(' ')).flatMap(({ fault }) => fault.split(';'))
  return [...new Set(names.map((name) => name.replace(/=.*/, '')))].toSorted()
}

function renderPage(rows: readonly (readonly string[])[]): string {
  const head = [
    'fault',
    'asked for',
    'what the client gets',
    'repeated',
    'falls back',
    'the breaker counts',
    'metrics that rise',
  ]
  return `# What becomes of a call when something goes wrong

Written by a test that sets every fault off behind a real gateway: \`npm run golden\` writes it anew. The faults in code style
are switches of the mock worker (\`serving/mock-worker/README.md\`), the others are of the network. Each one has a server of its
own and two attempts; timeouts are short where the fault is about them. There is no second server behind an upstream here:
with one, also a call whose server asks for a pause is repeated, on the other. \`falls back\` is of a second call, to
a model with a fallback.

${renderTable(head, rows)}
An answer that has begun is never repeated: a stream ends in an error event without \`[DONE]\`, another answer with its
connection, so that neither passes for the whole. What a server itself says of an error reaches the client as it was written.
`
}
