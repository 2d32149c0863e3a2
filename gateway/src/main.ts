import { runCommandLine } from './command-line.ts'
import { ConfigError, EXIT_CONFIG } from './config/errors.ts'
import { messageOf } from './errors.ts'

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
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return 'The gateway cannot listen: the port is in use. Choose another one with GATEWAY_PORT or GATEWAY_ADMIN_PORT, or stop what uses it.'
  }
  return error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error)
}
