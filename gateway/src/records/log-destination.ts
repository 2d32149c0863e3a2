import { pino } from 'pino'

/** Lines go out together: a system call for each would cost more than the line. */
const BATCH_BYTES = 4096
const FLUSH_MS = 250
/** What waits for a reader of the log that has stopped to read. More is dropped, since requests must not wait for it. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** Where the log goes. */
export type LogDestination = ReturnType<typeof pino.destination>

/**
 * Stdout, or another file by its descriptor or path, for a busy log: lines are written in batches, at the latest after
 * 250 ms and when the process ends.
 */
export function createLogDestination(dest: number | string = 1): LogDestination {
  return pino.destination({
    dest,
    sync: false,
    minLength: BATCH_BYTES,
    maxLength: MAX_WAITING_BYTES,
    periodicFlush: FLUSH_MS,
  })
}
