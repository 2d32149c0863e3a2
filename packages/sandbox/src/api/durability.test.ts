import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { listAt, numberAt, stringAt } from './objects/fields.ts'
import { ADMIN_TOKEN, startTestServer } from './testing/test-server.ts'

/** A server of its own process, so that it can be killed: prints its port and certificate. */
const PROGRAM = `
  const [, module, dir, token] = process.argv
  const { startApiServer } = await import(module)
  const { port, caPem } = await startApiServer({ dir, port: 0, token })
  console.log(JSON.stringify({ port, caPem }))
`
const MAPS = '/api/v1/namespaces/default/configmaps'
/** Patience for a machine with much else to do, not a measurement. */
const DEADLINE = { timeout: 120_000 }

interface Running {
  readonly child: ChildProcess
  readonly port: number
  readonly ca: string
}

/** `shell` runs before the program, in the shell that becomes it. */
async function startWriter(dir: string, shell = ':'): Promise<Running> {
  const server = new URL('server.ts', import.meta.url).href
  const run = ['--input-type=module', '--eval', PROGRAM]
  const args = [process.execPath, '--no-warnings', '--conditions=@nexus/source', ...run, server, dir, ADMIN_TOKEN]
  const child = spawn('sh', ['-c', `${shell} && exec "$@"`, 'sh', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    const said: unknown = JSON.parse(line)
    return { child, port: numberAt(said, 'port') ?? 0, ca: stringAt(said, 'caPem') ?? '' }
  }
  throw new Error('the writer said nothing')
}

/** The body of the answer, or undefined where the server was gone before it answered. */
function send({ port, ca }: Running, agent: Agent, method: string, body?: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, ca, agent, path: MAPS, method, headers }
    const request = httpsRequest(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('error', () => resolve(undefined))
      response.on('end', () => {
        const answer: unknown = JSON.parse(text)
        resolve(answer)
      })
    })
    request.on('error', () => resolve(undefined))
    request.end(body && JSON.stringify(body))
  })
}

/** Creates one object; the version it got, or undefined where it was not stored. */
async function write(running: Running, agent: Agent, name: string, content = name): Promise<string | undefined> {
  const answer = await send(running, agent, 'POST', { metadata: { name }, data: { content } })
  return stringAt(answer, 'metadata', 'resourceVersion')
}

/** Four clients write without pause until the server is killed at the hundredth answer; what was answered comes back. */
async function writeUntilKilled(running: Running, prefix: string): Promise<Map<string, string>> {
  const answered = new Map<string, string>()
  const agent = new Agent({ keepAlive: true })
  const client = async (id: number): Promise<void> => {
    for (let round = 0; ; round++) {
      const name = `${prefix}-${id}-${round}`
      const version = await write(running, agent, name)
      if (version === undefined) return
      answered.set(name, version)
      if (answered.size === 100) running.child.kill('SIGKILL')
    }
  }
  const exited = once(running.child, 'exit')
  await Promise.all([0, 1, 2, 3].map((id) => client(id)))
  await exited
  agent.destroy()
  return answered
}

test('a write that was answered survives SIGKILL, and versions never go back', DEADLINE, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-durability-'))
  const answered = new Map<string, string>()
  let highest = 0
  for (const prefix of ['first', 'second']) {
    const written = await writeUntilKilled(await startWriter(dir), prefix)
    const versions = [...written.values()].map(Number)
    expect(Math.min(...versions)).toBeGreaterThan(highest)
    highest = Math.max(...versions)
    for (const [name, version] of written) answered.set(name, version)
  }
  await using api = await startTestServer({ dir })
  const list = await api.ask('GET', MAPS)
  const kept = new Map(
    listAt(list.body, 'items').map((item) => [
      stringAt(item, 'metadata', 'name') ?? '',
      stringAt(item, 'metadata', 'resourceVersion') ?? '',
    ]),
  )
  expect(answered.size).toBeGreaterThanOrEqual(200)
  expect([...answered].filter(([name, version]) => kept.get(name) !== version)).toEqual([])
  expect(Number(stringAt(list.body, 'metadata', 'resourceVersion'))).toBeGreaterThanOrEqual(highest)
  await api.server.close()
  await rm(dir, { recursive: true })
})

test('a write for which the disk has no room is answered with 500, and the server goes on', DEADLINE, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-durability-'))
  // No file may grow beyond 1 MiB (2048 blocks of 512 bytes; in some shells of 1024), twice what an empty cluster takes.
  const running = await startWriter(dir, 'ulimit -f 2048')
  const agent = new Agent({ keepAlive: true })
  const large = 'x'.repeat(30_000)
  const written: string[] = []
  for (let round = 0; round < 120; round++) {
    const name = `large-${round}`
    if ((await write(running, agent, name, large)) === undefined) break
    written.push(name)
  }
  const refused = await send(running, agent, 'POST', { metadata: { name: 'refused' }, data: { large } })
  const list = await send(running, agent, 'GET')
  running.child.kill('SIGTERM')
  await once(running.child, 'exit')
  agent.destroy()
  expect(written.length).toBeGreaterThan(0)
  expect(refused).toMatchObject({ code: 500, reason: 'InternalError' })
  const names = (body: unknown): string[] =>
    listAt(body, 'items').map((item) => stringAt(item, 'metadata', 'name') ?? '')
  expect(names(list).sort()).toEqual(written.sort())
  await using after = await startTestServer({ dir })
  expect(names((await after.ask('GET', MAPS)).body).sort()).toEqual(written)
  await after.server.close()
  await rm(dir, { recursive: true })
})

test('a deleted object stays deleted, and its version is not given out again', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-durability-'))
  const before = await startTestServer({ dir })
  await before.ask('POST', MAPS, { body: { metadata: { name: 'gone' } } })
  await before.ask('DELETE', `${MAPS}/gone`)
  const last = await before.ask('GET', MAPS)
  await before[Symbol.asyncDispose]()
  await using after = await startTestServer({ dir })
  const next = await after.ask('POST', MAPS, { body: { metadata: { name: 'new' } } })
  expect((await after.ask('GET', `${MAPS}/gone`)).status).toBe(404)
  const versions = [last, next].map(({ body }) => Number(stringAt(body, 'metadata', 'resourceVersion')))
  expect(versions[1]).toBeGreaterThan(versions[0] ?? Number.NaN)
  await after.server.close()
  await rm(dir, { recursive: true })
})

test('Service kubernetes leads to the port of this start', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-durability-'))
  for (let start = 0; start < 2; start++) {
    await using api = await startTestServer({ dir })
    const service = await api.ask('GET', '/api/v1/namespaces/default/services/kubernetes')
    expect(service.body).toMatchObject({ spec: { ports: [{ port: 443, targetPort: api.server.port }] } })
  }
  await rm(dir, { recursive: true })
})

test('tokens and the certificate outlive a restart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-durability-'))
  const before = await startTestServer({ dir })
  await before.ask('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'robot' } } })
  const issued = await before.ask('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', { body: {} })
  await before[Symbol.asyncDispose]()
  await using after = await startTestServer({ dir })
  const token = stringAt(issued.body, 'status', 'token') ?? ''
  expect(after.server.caPem).toBe(before.server.caPem)
  expect((await after.ask('GET', '/apis', { token })).status).toBe(200)
  await after.server.close()
  await rm(dir, { recursive: true })
})
