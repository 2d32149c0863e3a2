import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { HealthReport } from './health.ts'
import { watchHealth } from './health.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listening(): Promise<number> {
  const server = createServer((socket) => socket.destroy())
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Watches until `done` says so; what was reported. */
async function reportsUntil(
  probes: object,
  port: (port: number) => number | undefined,
  done: (reports: HealthReport[]) => boolean,
): Promise<HealthReport[]> {
  const life = new AbortController()
  const reports: HealthReport[] = []
  await watchHealth({
    container: { name: 'main', ...probes },
    sockets: { podIP: '10.244.0.2', loopbackPort: port, exec: () => Promise.resolve(undefined) },
    signal: life.signal,
    report: (report) => {
      reports.push(report)
      if (done(reports)) life.abort()
    },
  })
  return reports
}

const tcp = { tcpSocket: { port: 8000 }, periodSeconds: 0.02 }
const refused = 'dial tcp 10.244.0.2:8000: connect: connection refused'

test('a container without probes is started and ready', async () => {
  expect(
    await reportsUntil(
      {},
      () => undefined,
      () => false,
    ),
  ).toEqual([{ type: 'started' }, { type: 'ready', ready: true }])
})

test('readiness follows the probe', async () => {
  const open = await listening()
  let port: number | undefined = open
  const reports = await reportsUntil(
    { readinessProbe: { ...tcp, failureThreshold: 1 } },
    () => port,
    (soFar) => {
      const last = soFar.at(-1)
      if (last?.type === 'ready') port = last.ready ? undefined : open
      return soFar.filter(({ type }) => type === 'ready').length === 3
    },
  )
  expect(reports.filter(({ type }) => type === 'ready')).toEqual([
    { type: 'ready', ready: true },
    { type: 'ready', ready: false },
    { type: 'ready', ready: true },
  ])
})

test('a failing startup probe ends the container before any other probe runs', async () => {
  const probes = { startupProbe: { ...tcp, failureThreshold: 2 }, livenessProbe: { ...tcp, failureThreshold: 1 } }
  expect(
    await reportsUntil(
      probes,
      () => undefined,
      () => false,
    ),
  ).toEqual([
    { type: 'unhealthy', kind: 'startup', message: refused },
    { type: 'unhealthy', kind: 'startup', message: refused },
    { type: 'failed', kind: 'startup' },
  ])
})

test('liveness fails after its threshold', async () => {
  const reports = await reportsUntil(
    { livenessProbe: { ...tcp, failureThreshold: 3 } },
    () => undefined,
    () => false,
  )
  expect(reports.map(({ type }) => type)).toEqual(['started', 'ready', 'unhealthy', 'unhealthy', 'unhealthy', 'failed'])
})

test('a probe with a period that is longer than timers go is not run all the time', async () => {
  const open = await listening()
  const tried: number[] = []
  const probes = {
    readinessProbe: { tcpSocket: { port: 8001 }, periodSeconds: 3_000_000 },
    livenessProbe: { ...tcp, failureThreshold: 20 },
  }
  const port = (asked: number): number | undefined => {
    tried.push(asked)
    return asked === 8001 ? open : undefined
  }
  await reportsUntil(probes, port, (soFar) => soFar.at(-1)?.type === 'failed')
  expect(tried.filter((asked) => asked === 8001)).toEqual([8001])
})

test('a container that becomes ready is seen before the next period, and the early tries do not count as failures', async () => {
  let tries = 0
  const open = await listening()
  const port = (): number | undefined => (++tries > 3 ? open : undefined)
  const readinessProbe = { tcpSocket: { port: 8000 }, periodSeconds: 600 }
  const reports = await reportsUntil({ readinessProbe }, port, (soFar) => soFar.at(-1)?.type === 'ready')
  expect(reports).toEqual([
    { type: 'started' },
    { type: 'unhealthy', kind: 'readiness', message: refused },
    { type: 'ready', ready: true },
  ])
})
