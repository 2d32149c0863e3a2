import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * When process `pid` was started, in the system's own units, or undefined where it does not run. Ids are given to others
 * later: a process is the same when its id and its start are.
 */
export function processStartTime(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') return psStartTime(pid)
    // Field 22 of proc_pid_stat(5); the command in field 2 may hold spaces and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function psStartTime(pid: number): string | undefined {
  const command = ['-o', 'lstart=', '-p', String(pid)]
  const text = execFileSync('ps', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  return text === '' ? undefined : text
}
