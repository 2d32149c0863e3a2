import { readFile } from 'node:fs/promises'
import type { Container } from '@nexus/kube'
import { readLogLines } from '../logs/container-log.ts'

/** What the API keeps of a message. */
const MAX_BYTES = 4096
/** What is taken of a log instead. */
const LOG_LINES = 80
const LOG_BYTES = 2048

/**
 * The last words of a container: what it left in its termination log and, where it failed without a word and asks for it,
 * the end of its log. Undefined where there are none.
 */
export async function readTerminationMessage(
  { terminationMessagePolicy }: Container,
  { file, logPath, failed }: { file: string; logPath: string; failed: boolean },
): Promise<string | undefined> {
  const said = (await readFile(file).catch(() => Buffer.alloc(0))).subarray(0, MAX_BYTES).toString('utf8')
  if (said !== '') return said
  if (!failed || terminationMessagePolicy !== 'FallbackToLogsOnError') return undefined
  const lines = (readLogLines(logPath) ?? []).slice(-LOG_LINES)
  const text = Buffer.from(lines.map(({ text: line }) => `${line}\n`).join(''), 'latin1').subarray(-LOG_BYTES)
  return text.length === 0 ? undefined : text.toString('utf8')
}
