import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { runUsageCommand } from './usage-command.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')

interface Given {
  readonly time?: string | number
  readonly [field: string]: unknown
}

function record(given: Given): string {
  return JSON.stringify({
    time: '2026-11-21T10:00:00.000Z',
    request_id: 'r',
    key_id: 'ada',
    model: 'm',
    upstream: 'worker',
    stream: false,
    status: 200,
    prompt_tokens: 10,
    completion_tokens: 5,
    total_tokens: 15,
    source: 'upstream',
    duration_ms: 7,
    ...given,
  })
}

async function run(argv: readonly string[], stdin: readonly string[] = []) {
  let stdout = ''
  let stderr = ''
  const io = {
    stdin: Readable.from([stdin.join('\n')]),
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
  }
  const code = await runUsageCommand(argv, io, () => NOW)
  return { code, stdout, stderr }
}

async function writeUsage(lines: readonly string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'usage-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const path = join(directory, 'usage.jsonl')
  await writeFile(path, `${lines.join('\n')}\n`)
  return path
}

const LINES = [
  record({ team: 'blue' }),
  record({ team: 'blue', status: 499, source: 'counted', completion_tokens: 100 }),
  record({ key_id: 'bob', model: 'n', time: '2026-11-20T23:59:59.999Z' }),
  record({ key_id: 'bob', status: 503, prompt_tokens: undefined, completion_tokens: undefined, source: undefined }),
]

test('sums up by key, the largest first, as a table', async () => {
  const { code, stdout, stderr } = await run([], LINES)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toBe(
    [
      'key  requests  errors  prompt_tokens  completion_tokens  total_tokens  counted_requests',
      'ada         2       1             20                105           125                 1',
      'bob         2       1             10                  5            15                 0',
      '',
    ].join('\n'),
  )
})

test.for([
  ['team', ['blue,2,1,20,105,125,1', '(none),2,1,10,5,15,0']],
  ['model', ['m,3,2,20,105,125,1', 'n,1,0,10,5,15,0']],
  ['day', ['2026-11-20,1,0,10,5,15,0', '2026-11-21,3,2,20,105,125,1']],
] as const)('sums up by %s', async ([by, rows]) => {
  const { stdout } = await run(['--by', by, '-o', 'csv'], LINES)
  expect(stdout.split('\n').slice(1, -1)).toEqual(rows)
})

test('answers in JSON', async () => {
  const { stdout } = await run(['-o', 'json'], LINES.slice(0, 1))
  const one = { requests: 1, errors: 0, prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, counted_requests: 0 }
  expect(JSON.parse(stdout)).toEqual([{ key: 'ada', ...one }])
})

test('reads several files, and standard input where it is named', async () => {
  const files = [await writeUsage(LINES), await writeUsage(LINES), '-']
  const { stdout } = await run([...files, '-o', 'csv'], LINES)
  expect(stdout).toContain('ada,6,3,60,315,375,3\n')
})

test('reads the lines of a log that are about usage', async () => {
  const log = [
    '{"level":30,"time":1,"msg":"started"}',
    '{"level":30,"time":1,"event":"request","request_id":"r","status":200}',
    record({ level: 30, event: 'usage', time: NOW }),
  ]
  const { stdout, stderr } = await run(['-o', 'csv'], log)
  expect(stderr).toBe('')
  expect(stdout.split('\n').slice(1)).toEqual(['ada,1,0,10,5,15,0', ''])
})

test.for([
  [['--since', '2026-11-21'], 3],
  [['--until', '2026-11-21'], 1],
  [['--since', '2026-11-21T10:00:00Z'], 3],
  [['--since', '2026-11-21T10:00:00.001Z'], 0],
  [['--since', '12h'], 3],
  [['--since', '2d'], 4],
  [['--since', '2d', '--until', '12h'], 1],
] as const)('%j selects %i records', async ([flags, count]) => {
  const { stdout } = await run([...flags, '-o', 'csv', '--by', 'day'], LINES)
  const counts = stdout
    .split('\n')
    .slice(1, -1)
    .map((row) => Number(row.split(',')[1]))
  expect(counts.reduce((sum, number) => sum + number, 0)).toBe(count)
})

test('says how many lines it could not read, and sums up the others', async () => {
  const malformed = [
    'half a rec',
    '[]',
    'null',
    '7',
    '{}',
    record({ time: 'yesterday' }),
    record({ time: 1e300 }),
    record({ status: '200' }),
  ]
  const { code, stdout, stderr } = await run(['-o', 'csv'], [...malformed, '', ...LINES])
  expect(code).toBe(0)
  expect(stderr).toBe('8 lines were no usage record and left out\n')
  expect(stdout).toContain('ada,2,1,20,105,125,1\n')
})

test('tokens that are no counts do not count', async () => {
  const lines = [
    record({ prompt_tokens: -5, completion_tokens: 1.5 }),
    record({ prompt_tokens: '9', completion_tokens: 1e300 }),
  ]
  expect((await run(['-o', 'csv'], lines)).stdout).toContain('ada,2,0,0,0,0,0\n')
})

test('names keep to their cell and their line', async () => {
  const lines = [record({ key_id: 'a,"b"\n\u001b[2J' })]
  expect((await run(['-o', 'csv'], lines)).stdout).toContain('"a,""b""\n\u001b[2J",1,')
  expect((await run([], lines)).stdout).toContain('\na,"b"[2J ')
})

test('a group may have the name of something that every object has', async () => {
  expect((await run(['-o', 'csv'], [record({ key_id: '__proto__' })])).stdout).toContain('__proto__,1,')
})

test.for([
  [['--by', 'colour'], '--by must be key, team, model, day: colour'],
  [['-o', 'xml'], '--output must be table, json, csv: xml'],
  [['--since', 'noon'], '--since must be a date'],
  [['--nonsense'], 'nonsense'],
] as const)('refuses %j', async ([argv, message]) => {
  const { code, stdout, stderr } = await run(argv, LINES)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

test('a file that is not there is an error', async () => {
  const { code, stderr } = await run([join(tmpdir(), 'no-such-usage.jsonl')])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error: there is no file .*no-such-usage\.jsonl$/m)
})

test('explains itself', async () => {
  expect((await run(['--help'])).stdout).toContain('--by key|team|model|day')
})
