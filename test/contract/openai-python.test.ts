import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { KEY, spawnGatewayOf, spawnWorker } from './openai/target.ts'
import { inherited, stopper, type RunningProgram } from './running-gateway.ts'

/** A python with the official client, made by `openai_python/setup`. */
const python = process.env['NEXUS_OPENAI_PYTHON'] ?? ''
const flows = join(import.meta.dirname, 'openai_python/flows.py')
const without = 'needs NEXUS_OPENAI_PYTHON: the python that test/contract/openai_python/setup prints'

test('every flow of the official Python client goes direct as it should', { timeout: 120_000 }, async ({ skip }) => {
  skip(!existsSync(python), without)
  const worker = await startWorker()
  expectVerdicts(await runFlows(worker.url, worker))
})

test(
  'every flow of the official Python client goes through the gateway as it should',
  {
    timeout: 120_000,
  },
  async ({ skip }) => {
    skip(!existsSync(python), without)
    const worker = await startWorker()
    const gateway = await spawnGatewayOf(worker, TOLERANT)
    onTestFinished(() => gateway.stop())
    expectVerdicts(await runFlows(gateway.url, worker))
  },
)

/** The flows share one gateway: what one learns of a failing worker must not change how the next goes. */
const TOLERANT = { GATEWAY_CIRCUIT_BREAKER_MAX_FAILURES: '1000000' }

async function startWorker(): Promise<RunningProgram> {
  const worker = await spawnWorker()
  onTestFinished(() => worker.stop())
  return worker
}

/** What the program prints: one line a flow. */
async function runFlows(url: string, worker: RunningProgram): Promise<unknown[]> {
  const env = { ...inherited(), OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: KEY, MOCK_WORKER_URL: worker.url }
  const child = spawn(python, [flows], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = stopper(child)
  onTestFinished(stop)
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return output.split('\n').flatMap((line) => (line === '' ? [] : [parse(line)]))
}

function expectVerdicts(lines: readonly unknown[]): void {
  expect(lines.length).toBeGreaterThan(20)
  const pick = (field: string): unknown[] =>
    lines.map((line) => ({ name: read(line, 'name'), verdict: read(line, field) }))
  expect(pick('verdict')).toEqual(pick('expected'))
}

function parse(line: string): unknown {
  return JSON.parse(line)
}

function read(line: unknown, field: string): unknown {
  return Object.entries(line ?? {}).find(([name]) => name === field)?.[1]
}
