/** Longest name of a manager, in bytes. The API server's own limit. */
export const MAX_MANAGER_BYTES = 128

/** Letters, marks, digits, punctuation, symbols and the plain space: what Go calls printable. */
export const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

/**
 * Who a write is attributed to: the client names itself in `fieldManager`, else by its program (`kubectl` of the User-Agent
 * `kubectl/v1.34.0`).
 */
export function managerName(query: URLSearchParams, userAgent: string): string {
  const named = query.get('fieldManager')
  if (named) return named
  const [program = ''] = userAgent.split('/', 1)
  return printableStart(program) || 'unknown'
}

function printableStart(text: string): string {
  const end = text.search(UNPRINTABLE)
  return Buffer.from(end < 0 ? text : text.slice(0, end))
    .subarray(0, MAX_MANAGER_BYTES)
    .toString()
}
