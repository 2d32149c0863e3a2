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

/** Only those that the agent wrote: volumes may hold files of the same name, and much else. */
async function readRecords(podsDir: string): Promise<{ file: string; record: ProcessRecord }[]> {
  const found: { file: string; record: ProcessRecord }[] = []
  for (const pod of await namesIn(podsDir)) {
    for (const container of await namesIn(join(podsDir, pod, 'containers'))) {
      const file = join(podsDir, pod, 'containers', container, PROCESS_RECORD_FILE)
      const record = parseRecord(await readFile(file, 'utf8').catch(() => ''))
      if (record !== undefined) found.push({ file, record })
    }
  }
  return found
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

function parseRecord(text: string): ProcessRecord | undefined {
  const [, pid, startTime] = /^(\d+) (.+)$/.exec(text.trim()) ?? []
  return pid === undefined || startTime === undefined ? undefined : { pid: Number(pid), startTime }
}

export function renderRecord({ pid, startTime }: ProcessRecord): string {
  return `${pid} ${startTime}\n`
}
