import { appendFileSync, renameSync, statSync } from 'node:fs'

/** Bytes after which a log begins anew. */
const MAX_BYTES = 8 * 1024 * 1024

/**
 * Appends lines to a file that only its owner can read. What would go past `maxBytes` (default 8 MiB) begins the file anew;
 * the full one is kept as `<file>.1`, in place of the one before. Where it cannot be written, on a full disk, lines are lost:
 * whoever logs goes on.
 */
export function boundedLog(file: string, maxBytes: number = MAX_BYTES): (line: string) => void {
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return (line) => {
    const text = `${line}\n`
    try {
      if (bytes > 0 && bytes + text.length > maxBytes) {
        bytes = 0
        renameSync(file, `${file}.1`)
      }
      appendFileSync(file, text, { mode: 0o600 })
      bytes += Buffer.byteLength(text)
    } catch {
      // Nowhere to say it but here.
    }
  }
}
