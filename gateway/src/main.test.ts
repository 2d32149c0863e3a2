import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, chat, startUpstream, TEST_KEY } from './testing/running.ts'

const launcher = join(import.meta.dirname, '../bin/nexus-gateway')

/** An upstream whose health nobody asks for: the first request that it receives is the call. */
function only(upstream: { readonly url: string }): Record<string, string> {
  return {
    GATEWAY_API_KEYS: TEST_KEY,
    GATEWAY_UPSTREAMS: `w=${upstream.url}`,
    GATEWAY_HEALTH_CHECK_ENABLED: 'false',
  }
}

/** The program itself, ended with the test. */
function start(env: Record<string, string>, program = launcher) {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(program, [], { env: { PATH, HOME, GATEWAY_PORT: '0', ...env } })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)))
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const url = (): string => /"listening","url":"([^"]+)"/.exec(output.stdout)?.[1] ?? ''
  const ready = async (): Promise<string> => {
    await eventually(url).not.toBe('')
    return url()
  }
  return { child, output, exited, ready }
}

test('lists every problem of the configuration and exits with 78', async () => {
  const { exited, output } = start({
    GATEWAY_PORT: 'x',
    GATEWAY_UPSTREAMS: 'a=grpc://h',
    GATEWAY_API_KEYS: '["nvapi-test-x',
  })
  expect(await exited).toEqual([78, null])
  await eventually(() => output.stderr).toMatch(/GATEWAY_API_KEYS: [\s\S]*GATEWAY_PORT: [\s\S]*GATEWAY_UPSTREAMS: /)
  expect(output.stderr + output.stdout).not.toContain('nvapi')
})

test('says that it has nobody to ask where there is no upstream, and serves', async () => {
  const { output, ready } = start({ GATEWAY_API_KEYS: TEST_KEY })
  await ready()
  expect(output.stdout).toMatch(/"config_warning","msg":"there is no upstream and discovery is off/)
  const routed = start({ GATEWAY_API_KEYS: TEST_KEY, GATEWAY_UPSTREAMS: 'w=mock://local' })
  await routed.ready()
  expect(routed.output.stdout).not.toContain('config_warning')
})

test('says which variable to change when the port is in use', async () => {
  const { url } = await startUpstream(() => undefined)
  const { exited, output } = start({ GATEWAY_PORT: new URL(url).port })
  expect(await exited).toEqual([1, null])
  await eventually(() => output.stderr).toContain('GATEWAY_PORT')
})

test('names the address that is not of this machine', async () => {
  const { exited, output } = start({ GATEWAY_HOST: '192.0.2.1' })
  expect(await exited).toEqual([1, null])
  await eventually(() => output.stderr).toMatch(/cannot listen: .*192\.0\.2\.1.* Set GATEWAY_HOST/)
})

test('starts through a link to the launcher and ends on SIGTERM after the calls in flight', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-gateway-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await symlink(launcher, join(dir, 'linked'))
  const upstream = await startUpstream(() => undefined)
  const gateway = start(only(upstream), join(dir, 'linked'))
  const url = await gateway.ready()
  const answer = chat(url, { model: 'w' })
  await eventually(() => upstream.received).toHaveLength(1)
  gateway.child.kill('SIGTERM')
  await eventually(() => gateway.output.stdout).toContain('"stopping"')
  await expect(fetch(`${url}/health`)).rejects.toThrow()
  upstream.received[0]?.response.end('{"late":true}')
  const response = await answer
  expect([response.headers.get('connection'), await response.text()]).toEqual(['close', '{"late":true}'])
  expect(await gateway.exited).toEqual([0, null])
  expect(gateway.output.stdout).not.toContain('nvapi')
})

test('takes a changed file over on SIGHUP, and keeps what it has when the next one is not valid', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-gateway-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const file = join(dir, 'gateway.yaml')
  const write = (key: string): Promise<void> => writeFile(file, `{"auth": {"keys": [{"key": "${key}"}]}}`)
  await write('nvapi-test-before')
  const gateway = start({ GATEWAY_CONFIG_FILE: file })
  const url = await gateway.ready()
  await write(TEST_KEY)
  gateway.child.kill('SIGHUP')
  await eventually(() => gateway.output.stdout).toContain('"configured"')
  await writeFile(file, '{"auth": {"keys": [{"kez": "x"}]}}')
  gateway.child.kill('SIGHUP')
  await eventually(() => gateway.output.stdout).toContain('did you mean key?')
  const statusOf = async (key: string): Promise<number> => {
    const response = await fetch(`${url}/v1/models`, { headers: { 'x-api-key': key } })
    await response.body?.cancel()
    return response.status
  }
  expect([await statusOf(TEST_KEY), await statusOf('nvapi-test-before')]).toEqual([200, 401])
  expect(gateway.output.stdout).not.toContain('nvapi')
})

test('ends at once on the second signal', async () => {
  const upstream = await startUpstream(() => undefined)
  const gateway = start(only(upstream))
  const broken = expect(chat(await gateway.ready(), { model: 'w' })).rejects.toThrow()
  await eventually(() => upstream.received).toHaveLength(1)
  gateway.child.kill('SIGTERM')
  await eventually(() => gateway.output.stdout).toContain('"stopping"')
  gateway.child.kill('SIGTERM')
  expect(await gateway.exited).toEqual([1, null])
  await broken
  await upstream.received[0]?.closed
})
