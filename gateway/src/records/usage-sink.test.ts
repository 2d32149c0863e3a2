import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { UsageConfig } from '../config/schema.ts'
import { nameIn, readTable } from '../testing/reference.ts'
import type { CallRecord } from './call-record.ts'
import { continueTrace } from './trace-context.ts'
import type { EndedCall } from './usage-record.ts'
import { createUsageSink } from './usage-sink.ts'

const Line = z.looseObject({ time: z.number() })

function endedCall(requestId: string, record: Partial<CallRecord> = {}): EndedCall {
  const known = { startedMs: 0, trace: continueTrace({}), route: '/v1/chat/completions', attempts: 1, admitted: true }
  return { exchange: { requestId }, record: { ...known, ...record }, status: 200, durationMs: 12.6 }
}

const EVERYTHING: Partial<CallRecord> = {
  caller: {
    id: 'ada',
    method: 'api_key',
    isShared: false,
    team: 'blue',
    projects: new Set(['*']),
    models: undefined,
    limits: { requestsPerWindow: null, tokensPerMinute: null, concurrency: null },
  },
  modelLabel: 'm',
  model: 'as the client "wrote" it',
  upstream: 'worker',
  stream: true,
  firstByteMs: 3.4,
  usage: { promptTokens: 7, completionTokens: 5, source: 'counted' },
}

async function startSink(usage: UsageConfig) {
  const logged: string[] = []
  const log = pino({ name: 'gw' }, { write: (line: string) => void logged.push(line) })
  const config = { usage }
  let lost = 0
  const sink = createUsageSink({ config: () => config, log, onLost: (count) => (lost += count) })
  return { sink, config, logged, lost: () => lost }
}

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'usage-sink-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

test('writes what a request took to the log', async () => {
  const { sink, logged } = await startSink({ enabled: true })
  sink.write(endedCall('r-1', EVERYTHING))
  const { time, ...rest } = Line.parse(JSON.parse(logged.join('')))
  expect(Math.abs(Date.now() - time)).toBeLessThan(3_600_000)
  expect(rest).toEqual({
    level: 30,
    name: 'gw',
    event: 'usage',
    request_id: 'r-1',
    key_id: 'ada',
    team: 'blue',
    model: 'm',
    upstream: 'worker',
    stream: true,
    status: 200,
    prompt_tokens: 7,
    completion_tokens: 5,
    total_tokens: 12,
    source: 'counted',
    duration_ms: 13,
    ttft_ms: 3,
  })
})

test('docs/reference/gateway-records.md names the fields of a record in a file', async () => {
  const file = join(await makeDirectory(), 'usage')
  const { sink } = await startSink({ enabled: true, file })
  sink.write(endedCall('r-1', EVERYTHING))
  await sink.close()
  const rows = await readTable('gateway-records.md', 'Usage records')
  expect(rows.map(([field]) => nameIn(field))).toEqual(
    Object.keys(z.looseObject({}).parse(JSON.parse(await readFile(file, 'utf8')))),
  )
})

test('writes to its file, which may become another one, and loses nothing at the end', async () => {
  const directory = await makeDirectory()
  const { sink, config, logged, lost } = await startSink({ enabled: true, file: join(directory, 'one') })
  sink.write(endedCall('r-1'))
  config.usage = { enabled: true, file: join(directory, 'two') }
  sink.write(endedCall('r-2'))
  config.usage = { enabled: false, file: join(directory, 'two') }
  sink.write(endedCall('r-3'))
  await sink.close()
  const [one = '', two = ''] = await Promise.all(['one', 'two'].map((name) => readFile(join(directory, name), 'utf8')))
  expect(one).toMatch(/^\{"time":"20\d\d-[^"]*Z",/)
  expect(JSON.parse(one)).toMatchObject({ request_id: 'r-1' })
  expect(JSON.parse(two)).toMatchObject({ request_id: 'r-2' })
  expect(logged).toEqual([])
  expect(lost()).toBe(0)
})

test('says once that records are lost, and counts them all', async () => {
  const { sink, logged, lost } = await startSink({ enabled: true, file: join(await makeDirectory(), 'gone', 'usage') })
  sink.write(endedCall('r-1'))
  sink.write(endedCall('r-2'))
  await sink.close()
  expect(lost()).toBe(2)
  expect(logged).toHaveLength(1)
  expect(logged[0]).toContain('"event":"usage_lost"')
})
