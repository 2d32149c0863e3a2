export interface Log {
  info(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

/** One JSON object a line, as cluster log collectors read it. Bodies and keys are never logged. */
export function jsonLog(write: (line: string) => void): Log {
  const line = (level: string, message: string, fields: object = {}) =>
    write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...fields })}\n`)
  return {
    info: (message, fields) => line('info', message, fields),
    error: (message, fields) => line('error', message, fields),
  }
}
