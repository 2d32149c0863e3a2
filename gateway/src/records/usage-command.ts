import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { CommandIo } from '../auth/keys-command.ts'
import { messageOf } from '../errors.ts'
import { parseUsageArguments, UsageArgumentsError, type UsageRequest } from './usage-arguments.ts'
import { renderUsage } from './usage-report.ts'
import { addUsage, parseUsageLine, type UsageTotal } from './usage-totals.ts'

const EXIT = { failure: 1, usage: 2 } as const

const USAGE = `nexus-gateway usage: sums up usage records

Usage:
  nexus-gateway usage [FILE...|-] [--by key|team|model|day] [--since T] [--until T] [-o table|json|csv]

  FILE          a usage file, or a log with usage records; standard input, if left out
  --by          what requests and tokens are summed up by (default: key)
  --since       records from then on: a date, a time, or a span back from now (24h)
  --until       records before then
  -o            the form of the report (default: table)

Tokens that no upstream reported are counted by the gateway: counted_requests says for how many requests.
`

/**
 * Runs `nexus-gateway usage …`. Reads line by line: files may be larger than memory.
 *
 * @param argv what follows `usage`
 * @param now wall clock, ms since 1970
 * @returns the exit code
 */
export async function runUsageCommand(
  argv: readonly string[],
  io: CommandIo,
  now: () => number = Date.now,
): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    io.stdout.write(USAGE)
    return 0
  }
  try {
    const request = parseUsageArguments(argv, now())
    const { totals, malformed } = await sumUp(request, io)
    io.stdout.write(renderUsage(totals, request))
    if (malformed > 0)
      io.stderr.write(`${malformed} ${malformed === 1 ? 'line was' : 'lines were'} no usage record and left out\n`)
    return 0
  } catch (error) {
    const hint = error instanceof UsageArgumentsError ? '\nRun nexus-gateway usage --help for the flags.' : ''
    io.stderr.write(`error: ${explain(error)}${hint}\n`)
    return error instanceof UsageArgumentsError ? EXIT.usage : EXIT.failure
  }
}

function explain(error: unknown): string {
  const isLost = error instanceof Error && 'code' in error && error.code === 'ENOENT' && 'path' in error
  return isLost ? `there is no file ${String(error.path)}` : messageOf(error)
}

async function sumUp({ files, by, sinceMs, untilMs }: UsageRequest, io: CommandIo) {
  const totals = new Map<string, UsageTotal>()
  let malformed = 0
  for (const file of files) {
    const input = file === '-' ? io.stdin : createReadStream(file)
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      if (text === '') continue
      const line = parseUsageLine(text, by)
      if (line === 'malformed') malformed += 1
      else if (line !== 'other' && line.timeMs >= sinceMs && line.timeMs < untilMs) addUsage(totals, line)
    }
  }
  return { totals, malformed }
}
