import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eventually, freePorts } from '@nexus/kube/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nexusBin } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import { parseEnvironment } from './clusters/sandbox.ts'

describe('nexus up', () => {
  let home: string
  let dir: string
  let ports: number[]
  let started: ChildProcess[]

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'nexus-up-'))
    dir = join(home, 'cluster')
    ports = await freePorts(2)
    started = []
  })

  afterEach(async () => {
    for (const child of started) child.kill('SIGKILL')
    await run(nexusBin, ['down', '--dir', dir], { env: { HOME: home } })
    await eventually(async () => expect(await processesOf(home)).toEqual([]))
    await rm(home, { recursive: true, force: true })
  })

  const flags = (): string[] => ['--dir', dir, '--api-port', `${ports[0]}`, '--gateway-port', `${ports[1]}`]

  /** Starts it in front and resolves with what it printed when it is ready. */
  async function upInFront(): Promise<{ child: ChildProcess; env: Record<string, string> }> {
    const child = spawn(nexusBin, ['up', ...flags()], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], HOME: home },
    })
    started.push(child)
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line)
      if (lines.length === 3) break
    }
    return { child, env: { HOME: home, ...parseEnvironment(lines.join('\n')) } }
  }

  test('prints what is needed to use it, and Ctrl-C leaves no process and no open port', async () => {
    const { child, env } = await upInFront()
    expect(Object.keys(env)).toEqual(['HOME', 'KUBECONFIG', 'NEXUS_GATEWAY_URL', 'NEXUS_API_KEY'])
    expect((await fetch(`${env['NEXUS_GATEWAY_URL']}/health`)).status).toBe(200)
    expect((await processesOf(home)).length).toBeGreaterThan(1) // itself and the gateway's pod

    const exited = once(child, 'exit')
    child.kill('SIGINT')
    expect(await exited).toEqual([0, null])
    expect(await processesOf(home)).toEqual([])
    for (const port of ports) expect(await isOpen(port)).toBe(false)
  })

  test('after kill -9 it comes back with what was deployed, and nothing is orphaned', async () => {
    const first = await upInFront()
    const key = { env: first.env, input: 'nvapi-test-0123456789abcdefghij' }
    const deployed = await run(
      nexusBin,
      ['deploy', 'llama-3.1-8b-instruct', '--name', 'llama', '-n', 'demo', '--api-key-stdin', '--wait'],
      key,
    )
    expect(deployed.stderr).not.toContain('error')
    expect(deployed.code).toBe(0)

    const exited = once(first.child, 'exit')
    first.child.kill('SIGKILL')
    await exited
    const second = await upInFront()
    await eventually(async () => {
      const listed = await run(nexusBin, ['list', '-n', 'demo'], { env: second.env })
      expect(listed.stdout).toMatch(/llama.*Ready/)
    }, 60_000)
    await eventually(async () => {
      const chatted = await run(nexusBin, ['chat', 'llama', '-n', 'demo', 'still there?'], { env: second.env })
      expect(chatted.stdout).toContain('still there?')
    }, 60_000)
    const processes = await processesOf(home)
    expect(processes.filter((line) => line.includes('mock-worker'))).toHaveLength(1)
    expect(processes.filter((line) => line.includes('gateway/src'))).toHaveLength(1)
  })

  test('a port that was asked for and is taken is an error that says so', async () => {
    const holder = createServer().listen(ports[1], '127.0.0.1')
    await once(holder, 'listening')
    const ran = await run(nexusBin, ['up', ...flags()], { env: { HOME: home } })
    holder.close()
    expect(ran.stderr).toContain(`Port ${ports[1]}, for the gateway, is in use`)
    expect(ran.stderr).toContain('--gateway-port')
    expect(ran.code).not.toBe(0)
    expect(await processesOf(home)).toEqual([])
  })

  test('a second sandbox in the same folder is refused, down stops the first', async () => {
    expect(await run(nexusBin, ['up', '--detach', ...flags()], { env: { HOME: home } })).toMatchObject({ code: 0 })
    const second = await run(nexusBin, ['up', '--detach', '--dir', dir], { env: { HOME: home } })
    expect(second.stderr).toContain('nexus down')
    expect(second.code).not.toBe(0)
    expect(await run(nexusBin, ['down', '--dir', dir], { env: { HOME: home } })).toMatchObject({ code: 0 })
    expect(await processesOf(home)).toEqual([])
    for (const port of ports) expect(await isOpen(port)).toBe(false)
  })
})

/** Command lines of the processes that name `folder` in their arguments or environment (Linux only). */
async function processesOf(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const read = (file: string): Promise<string> => readFile(`/proc/${entry}/${file}`, 'utf8').catch(() => '')
    const [commandLine, environment] = [await read('cmdline'), await read('environ')]
    if (commandLine.includes(folder) || environment.includes(folder)) found.push(commandLine.replaceAll('\0', ' '))
  }
  return found
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
