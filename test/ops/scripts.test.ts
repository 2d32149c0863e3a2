import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { portOf } from '@nexus/kube/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const ops = join(import.meta.dirname, '../../ops')

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-ops-'))
  await mkdir(join(dir, 'bin'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function run(script: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(join(ops, script), args, {
    env: { PATH: `${dir}/bin:/usr/bin:/bin`, HOME: dir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += String(chunk)))
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += String(chunk)))
  await once(child, 'close')
  return { code: child.exitCode, ...said }
}

/** In the place of a program: writes its arguments down, and ends as it is told for those that hold `fails`. */
async function stub(program: string, fails?: string): Promise<void> {
  const file = join(dir, 'bin', program)
  const fail = fails === undefined ? '' : `case "$*" in *"${fails}"*) exit 1 ;; esac\n`
  await writeFile(file, `#!/bin/sh\nprintf '${program} %s\\n' "$*" >> '${dir}/calls'\n${fail}`)
  await chmod(file, 0o755)
}

async function calls(): Promise<string[]> {
  const text = await readFile(join(dir, 'calls'), 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '')
}

const IMAGE = { IMAGE_REPO: 'registry.example/team/nexus-gateway', IMAGE_TAG: '1.2.3' }

describe.each(['build_push_gateway.sh', 'k8s_set_gateway_image.sh'])('%s', (script) => {
  beforeEach(async () => {
    await stub('docker')
    await stub('kubectl')
  })

  test('says what is not set, and how it is used', async () => {
    const { code, stdout, stderr } = await run(script, [])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('IMAGE_REPO is not set')
    expect(stderr).toContain('Usage:')
    expect(await calls()).toEqual([])
  })

  test('refuses what it does not know', async () => {
    const { code, stderr } = await run(script, ['--force'], IMAGE)
    expect(code).toBe(2)
    expect(stderr).toContain('unknown argument: --force')
    expect(await calls()).toEqual([])
  })

  test('explains itself', async () => {
    const { code, stdout } = await run(script, ['--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('IMAGE_TAG')
  })
})

describe('build_push_gateway.sh', () => {
  const gateway = join(ops, '../gateway')

  test('builds the folder of the gateway, and pushes what it has built', async () => {
    await stub('docker')
    expect((await run('build_push_gateway.sh', [], IMAGE)).code).toBe(0)
    expect(await calls()).toEqual([
      `docker build -t registry.example/team/nexus-gateway:1.2.3 -f ${gateway}/Dockerfile ${gateway}`,
      'docker push registry.example/team/nexus-gateway:1.2.3',
    ])
  })

  test('pushes nothing that was not built', async () => {
    await stub('docker', 'build')
    expect((await run('build_push_gateway.sh', [], { IMAGE_REPO: 'a/b' })).code).toBe(1)
    expect(await calls()).toEqual([`docker build -t a/b:latest -f ${gateway}/Dockerfile ${gateway}`])
  })

  test('in a dry run shows the commands, and needs no docker', async () => {
    const { code, stdout } = await run('build_push_gateway.sh', ['--dry-run'], IMAGE)
    expect(code).toBe(0)
    expect(stdout).toContain('docker push registry.example/team/nexus-gateway:1.2.3')
  })
})

describe('k8s_set_gateway_image.sh', () => {
  const set = 'kubectl set image -n nexus deployment/nexus-gateway gateway=registry.example/team/nexus-gateway:1.2.3'

  test('sets the image, and waits until it serves', async () => {
    await stub('kubectl')
    expect((await run('k8s_set_gateway_image.sh', [], IMAGE)).code).toBe(0)
    expect(await calls()).toEqual([set, 'kubectl rollout status -n nexus deployment/nexus-gateway --timeout=15m'])
  })

  test('takes another namespace', async () => {
    await stub('kubectl')
    await run('k8s_set_gateway_image.sh', [], { ...IMAGE, NAMESPACE: 'other' })
    expect((await calls()).every((call) => call.includes(' -n other '))).toBe(true)
  })

  // kubectl prints a line for what it changes, and the stub prints none.
  test('says so when the gateway has this image already', async () => {
    await stub('kubectl')
    const { code, stderr } = await run('k8s_set_gateway_image.sh', [], IMAGE)
    expect(code).toBe(0)
    expect(stderr).toContain('The gateway has registry.example/team/nexus-gateway:1.2.3 already')
  })

  test('in a dry run asks the cluster, and changes nothing', async () => {
    await stub('kubectl')
    expect((await run('k8s_set_gateway_image.sh', ['--dry-run'], IMAGE)).code).toBe(0)
    expect(await calls()).toEqual([`${set} --dry-run=server`])
  })

  test('says how to go back when the new pods do not get ready', async () => {
    await stub('kubectl', 'rollout status')
    const { code, stderr } = await run('k8s_set_gateway_image.sh', [], IMAGE)
    expect(code).toBe(5)
    expect(stderr).toContain('kubectl rollout undo -n nexus deployment/nexus-gateway')
  })
})

describe('smoke_test_gateway.sh', () => {
  const KEY = 'gw-test-smoke-key'

  async function against(answer: RequestListener): Promise<Ended> {
    const server = createServer(answer).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${portOf(server.address())}`
    try {
      return await run('smoke_test_gateway.sh', [], { GATEWAY_URL: url, GATEWAY_API_KEY: KEY })
    } finally {
      server.close()
    }
  }

  const healthy: RequestListener = (request, response) => {
    if (request.headers['x-api-key'] !== KEY) {
      response.writeHead(401).end('{"error":{"message":"no"}}')
      return
    }
    let body = ''
    request.on('data', (chunk: Buffer) => (body += String(chunk)))
    request.on('end', () =>
      response.end(body.includes('"stream":true') ? 'data: {"choices":[]}\n\ndata: [DONE]\n\n' : '{"choices":[]}'),
    )
  }

  test('says what it has asked', async () => {
    const { code, stdout, stderr } = await against(healthy)
    expect(stderr).toBe('')
    expect([code, stdout]).toEqual([0, 'ok: health\nok: models\nok: chat\nok: streamed chat\n'])
  })

  test('says which answer was wrong, and shows it, but never the key', async () => {
    const { code, stderr } = await against((request, response) => {
      if (request.url === '/v1/chat/completions') response.writeHead(503).end('{"error":{"message":"no upstream"}}')
      else healthy(request, response)
    })
    expect(code).toBe(1)
    expect(stderr).toContain('FAILED: chat: status 503\n  {"error":{"message":"no upstream"}}')
    expect(stderr).not.toContain(KEY)
  })

  test('a stream that breaks off is no success', async () => {
    const { code, stderr } = await against((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += String(chunk)))
      request.on('end', () => response.end(body.includes('"stream"') ? 'data: {}\n\n' : '{"choices":[]}'))
    })
    expect([code, stderr.split('\n')[0]]).toEqual([1, 'FAILED: streamed chat: it does not end with [DONE]'])
  })

  test('a gateway that is not there is named', async () => {
    const { code, stderr } = await run('smoke_test_gateway.sh', [], { GATEWAY_URL: 'http://127.0.0.1:9' })
    expect(code).toBe(1)
    expect(stderr).toContain('FAILED: health: no answer from http://127.0.0.1:9')
  })

  test('a port-forward that fails shows why', async () => {
    await writeFile(
      join(dir, 'bin/kubectl'),
      '#!/bin/sh\necho "error: services \\"nexus-gateway\\" not found" >&2\nexit 1\n',
    )
    await chmod(join(dir, 'bin/kubectl'), 0o755)
    const { code, stderr } = await run('smoke_test_gateway.sh', [])
    expect(code).toBe(1)
    expect(stderr).toContain('services "nexus-gateway" not found')
  })
})
