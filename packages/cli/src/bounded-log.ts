import { appendFileSync, renameSync, statSync } from 'node:fs'

/** Bytes after which a log begins anew. */
const MAX_BYTES = 8 * 1024 * 1024

/**
 * Appends lines to a file that only its owner can read. What would go past `maxBytes` (default 8 MiB) begins the file anew;
 * the full one is kept as `<file>.1`, in place of the one before.
 */
export function boundedLog(file: string, maxBytes: number = MAX_BYTES): (line: string) => void {
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return (line) => {
    const text = `${line}\n`
    if (bytes > 0 && bytes + text.length > maxBytes) {
      renameSync(file, `${file}.1`)
      bytes = 0
    }
    appendFileSync(file, text, { mode: 0o600 })
    bytes += Buffer.byteLength(text)
  }
}
