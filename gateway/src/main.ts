import { runCommandLine } from './command-line.ts'
import { ConfigError, EXIT_CONFIG } from './config/errors.ts'
import { messageOf } from './errors.ts'

const OTHER_ADDRESS = 'Set GATEWAY_HOST (or GATEWAY_ADMIN_HOST) to an address of this machine, or to 0.0.0.0.'

const LISTENING_HINTS = new Map([
  ['EADDRINUSE', 'Choose another port with GATEWAY_PORT or GATEWAY_ADMIN_PORT, or stop what uses this one.'],
  ['EACCES', 'Ports below 1024 are reserved: choose another one with GATEWAY_PORT or GATEWAY_ADMIN_PORT.'],
  ['EADDRNOTAVAIL', OTHER_ADDRESS],
])

const argv = process.argv.slice(2)

try {
  if (argv.length > 0) process.exitCode = await runCommandLine(argv, process)
  else {
    // What only serves need not be loaded to list keys.
    const { serve } = await import('./serve.ts')
    await serve(process.env)
  }
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = error instanceof ConfigError ? EXIT_CONFIG : 1
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (error instanceof Error && 'syscall' in error && error.syscall === 'listen') return explainListening(error)
  return error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error)
}

/** The system's message names the address and the port. */
function explainListening(error: Error): string {
  const code = 'code' in error ? String(error.code) : ''
  return `The gateway cannot listen: ${error.message}. ${LISTENING_HINTS.get(code) ?? 'See GATEWAY_HOST and GATEWAY_PORT.'}`
}
