import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { processStartTime } from '../../process-start.ts'

/** A process of a pod as it stands on disk: its id is given to others later, its start time tells them apart. */
export interface ProcessRecord {
  readonly pid: number
  readonly startTime: string
}

/** The name of the file in a container's folder that holds its process. */
export const PROCESS_RECORD_FILE = 'process'

/** A process that outlives SIGKILL hangs in the kernel. */
const KILL_WITHIN_MS = 10_000

/** Sends `signal` to the whole process group of `pid`; false where it is gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

/**
 * Ends what an earlier agent of this folder left running, and resolves when it is gone. Children end by themselves when
 * their agent goes; this is for those that could not.
 */
export async function killLeftovers(podsDir: string): Promise<number> {
  const leftovers = (await readRecords(podsDir)).filter(({ record }) => isSame(record))
  for (const { record } of leftovers) signalGroup(record.pid, 'SIGKILL')
  const deadline = Date.now() + KILL_WITHIN_MS
  while (leftovers.some(({ record }) => isSame(record))) {
    if (Date.now() > deadline) throw new Error(`a process of an earlier run does not end; its record is in ${podsDir}`)
    await delay(10)
  }
  await Promise.all((await readRecords(podsDir)).map(({ file }) => rm(file, { force: true })))
  return leftovers.length
}

function isSame({ pid, startTime }: ProcessRecord): boolean {
  return processStartTime(pid) === startTime
}

async function readRecords(podsDir: string): Promise<{ file: string; record: ProcessRecord }[]> {
  const entries = await readdir(podsDir, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries
    .filter((entry) => entry.isFile() && entry.name === PROCESS_RECORD_FILE)
    .map((entry) => join(entry.parentPath, entry.name))
  const found = await Promise.all(
    files.map(async (file) => ({ file, record: parseRecord(await readFile(file, 'utf8')) })),
  )
  return found.flatMap(({ file, record }) => (record === undefined ? [] : [{ file, record }]))
}

function parseRecord(text: string): ProcessRecord | undefined {
  const [, pid, startTime] = /^(\d+) (.+)$/.exec(text.trim()) ?? []
  return pid === undefined || startTime === undefined ? undefined : { pid: Number(pid), startTime }
}

export function renderRecord({ pid, startTime }: ProcessRecord): string {
  return `${pid} ${startTime}\n`
}
