import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { addressOf, type Discovered } from '../../routing/snapshot.ts'
import { startServer } from '../../testing/loopback.ts'
import { startDiscovery } from '../discovery.ts'
import type { ListWatchTimes } from '../list-watch.ts'

const INFERENCE_SERVICES = '/apis/serving.kserve.io/v1beta1/inferenceservices'

/** A watch that a client has open. */
export interface WatchCall {
  readonly response: ServerResponse
  readonly query: URLSearchParams
  send(type: string, object: unknown): void
}

/** One list of the API, which the test sets; its watches get what the test sends. */
export interface ListState {
  status: number
  items: unknown[]
  version: number
  /** How often it was asked for, in whatever way. */
  asked: number
  /** What was asked for with each list. */
  readonly lists: URLSearchParams[]
  readonly watches: WatchCall[]
}

/** Enough of an API server for list-watches. Of the kinds only the InferenceServices exist, until `list` is called. */
export async function startApi() {
  const lists = new Map<string, ListState>()
  const list = (path: string): ListState => {
    const state = lists.get(path) ?? { status: 200, items: [], version: 1, asked: 0, lists: [], watches: [] }
    lists.set(path, state)
    return state
  }
  const state = list(INFERENCE_SERVICES)
  const url = await startServer((request, response) => {
    const { searchParams: query, pathname } = new URL(request.url ?? '', 'http://api')
    const found = lists.get(pathname)
    if (request.headers.authorization !== 'Bearer sa-token') response.writeHead(401).end()
    else if (found === undefined) response.writeHead(404).end('{}')
    else answer(found, query, response)
  })
  return { url, state, list }
}

function answer(state: ListState, query: URLSearchParams, response: ServerResponse): void {
  state.asked++
  if (state.status !== 200) {
    response.writeHead(state.status).end('{}')
  } else if (query.get('watch') === '1') {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    const send = (type: string, object: unknown): void => void response.write(`${JSON.stringify({ type, object })}\n`)
    state.watches.push({ response, query, send })
  } else {
    state.lists.push(query)
    response.end(JSON.stringify({ metadata: { resourceVersion: String(state.version) }, items: state.items }))
  }
}

/** What a pod finds in the folder of its ServiceAccount, until the end of the test. */
export async function mountServiceAccount(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-gateway-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await writeFile(join(dir, 'token'), 'sa-token\n')
  await writeFile(join(dir, 'ca.crt'), '')
  return dir
}

/** Discovery against an API server, until the end of the test. */
export async function follow(apiUrl: string, changes: Partial<ListWatchTimes> = {}) {
  const serviceAccountDir = await mountServiceAccount()
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) })
  const times = { watchMs: 60_000, silenceMs: 60_000, minRetryMs: 5, maxRetryMs: 20, ...changes }
  const api = { url: apiUrl, serviceAccountDir }
  const seen: Discovered[] = []
  const onChange = (): void => void seen.push(discovery.discovered())
  const discovery = startDiscovery({ api, deployments: true, log, times, onChange })
  onTestFinished(() => discovery.close())
  /** What each deployment serves, by its address. */
  const known = (): Record<string, unknown> =>
    Object.fromEntries(
      discovery.discovered().deployments.map(({ ready, models, ...deployment }) => {
        return [addressOf(deployment), ready ? (models?.map(({ id }) => id) ?? 'unasked') : 'not ready']
      }),
    )
  return { discovery, seen, known, logged, close: () => discovery.close() }
}

/** What {@link service} can say. */
export interface ServiceChanges {
  readonly ready?: 'True' | 'False'
  readonly version?: string
  readonly deletionTimestamp?: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** An InferenceService as KServe leaves it. */
export function service(
  address: string,
  url: string | undefined,
  { ready = 'True', version = '2', ...changes }: ServiceChanges = {},
): object {
  const [namespace, name] = address.split('/')
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { namespace, name, resourceVersion: version, creationTimestamp: '2026-01-01T00:00:00Z', ...changes },
    status: { ...(url === undefined ? {} : { address: { url } }), conditions: [{ type: 'Ready', status: ready }] },
  }
}

/** A slice of `<namespace>/<service>`, at one port of several addresses. */
export function slice(address: string, addresses: readonly string[], port: number, name = 'one'): object {
  const [namespace, serviceName] = address.split('/')
  return {
    metadata: {
      name: `${serviceName}-${name}`,
      namespace,
      resourceVersion: '2',
      labels: { 'kubernetes.io/service-name': serviceName },
    },
    addressType: 'IPv4',
    endpoints: addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
    ports: [{ name: '', port, protocol: 'TCP' }],
  }
}
