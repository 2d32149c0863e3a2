import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeAddressMap } from './network/map-file.ts'

const run = promisify(execFile)
const server = createServer((request, response) => response.end(`hello to ${request.headers.host}`))
let dir = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-preload-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await writeAddressMap(join(dir, 'map.json'), {
    sockets: { '10.96.0.7:80': [loopbackPort()], '10.244.0.2:8000': [loopbackPort()], '10.96.0.8:80': [] },
    names: { 'llama.demo': ['10.96.0.7'], 'empty.demo': ['10.96.0.8'] },
  })
})

afterAll(async () => {
  server.close()
  await rm(dir, { recursive: true, force: true })
})

function loopbackPort(): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Runs `script` as a program of a pod in namespace `demo`; what it prints. */
async function inPod(script: string): Promise<string> {
  const preload = new URL('./preload.ts', import.meta.url).href
  const { stdout } = await run(process.execPath, ['--import', preload, '--input-type=module', '-e', script], {
    env: { ...process.env, NEXUS_ADDRESS_MAP: join(dir, 'map.json'), NEXUS_POD_NAMESPACE: 'demo', NODE_OPTIONS: '' },
    cwd: new URL('.', import.meta.url),
  })
  return stdout.trim()
}

const printFailure = `.catch((error) => console.log((error.cause ?? error).code, (error.cause ?? error).message))`

test.each([
  ['fetch', `console.log(await (await fetch('http://llama.demo.svc.cluster.local/')).text())`],
  ['undici', `import { request } from 'undici'; console.log(await (await request('http://llama')).body.text())`],
  [
    'http',
    `import { get } from 'node:http'; get('http://llama.demo', (answer) => answer.on('data', (data) => console.log(String(data))))`,
  ],
  [
    'an http agent that keeps connections',
    `import { Agent, get } from 'node:http'; const agent = new Agent({ keepAlive: true });
     get({ host: '10.244.0.2', port: 8000, agent }, (answer) => answer.on('data', (data) => { console.log(String(data)); agent.destroy() }))`,
  ],
  [
    'net with port and host',
    `import { connect } from 'node:net'; const socket = connect(80, '10.96.0.7', () => socket.end('GET / HTTP/1.0\\r\\nHost: me\\r\\n\\r\\n'));
     socket.on('data', (data) => console.log(String(data)))`,
  ],
])('%s reaches a Service of the cluster', async (_, script) => {
  expect(await inPod(script)).toContain('hello to')
})

test('the Host header stays the Service name', async () => {
  expect(await inPod(`console.log(await (await fetch('http://llama.demo.svc/')).text())`)).toBe(
    'hello to llama.demo.svc',
  )
})

test.each([
  ['a Service without endpoints', 'http://empty/', 'ECONNREFUSED connect ECONNREFUSED 10.96.0.8:80'],
  ['a port that the Service has not', 'http://llama:81/', 'ECONNREFUSED connect ECONNREFUSED 10.96.0.7:81'],
  ['a name that no Service has', 'http://gone.demo.svc/', 'ENOTFOUND getaddrinfo ENOTFOUND gone.demo.svc'],
])('%s fails like in a cluster', async (_, url, expected) => {
  expect(await inPod(`await fetch('${url}')${printFailure}`)).toBe(expected)
})

test('http reports a refused connection as an error event', async () => {
  const script = `import { get } from 'node:http'; get('http://empty').on('error', (error) => console.log(error.code))`
  expect(await inPod(script)).toBe('ECONNREFUSED')
})

test('dns.lookup resolves to the virtual address, as a callback and as a promise', async () => {
  const script = `import { lookup, promises } from 'node:dns'; import * as plain from 'node:dns/promises'
    lookup('llama', (error, address, family) => console.log(address, family))
    lookup('llama.demo.svc', { all: true }, (error, answers) => console.log(JSON.stringify(answers)))
    lookup('gone.demo.svc', (error) => console.log(error.code))
    console.log((await promises.lookup('llama')).address, (await plain.lookup('llama')).address)`
  const lines = (await inPod(script)).split('\n').sort()
  expect(lines).toEqual(['10.96.0.7 10.96.0.7', '10.96.0.7 4', 'ENOTFOUND', '[{"address":"10.96.0.7","family":4}]'])
})

test('other addresses pass untouched', async () => {
  expect(await inPod(`console.log(await (await fetch('http://127.0.0.1:${loopbackPort()}/')).text())`)).toContain(
    'hello',
  )
})

test('a new map counts for the next connection', async () => {
  const map = { sockets: { '10.96.0.9:80': [loopbackPort()] }, names: { 'late.demo': ['10.96.0.9'] } }
  const script = `import { renameSync, writeFileSync } from 'node:fs'
    await fetch('http://late.demo.svc/')${printFailure}
    const path = process.env.NEXUS_ADDRESS_MAP
    writeFileSync(path + '.late', '${JSON.stringify(map)}')
    renameSync(path + '.late', path)
    console.log(await (await fetch('http://late/')).text())`
  const output = await inPod(script)
  expect(output.split('\n')).toEqual(['ENOTFOUND getaddrinfo ENOTFOUND late.demo.svc', 'hello to late'])
})
