import { pino, type Logger } from 'pino'
import { loadConfig } from './config/environment.ts'
import { ConfigError } from './config/errors.ts'
import { messageOf } from './errors.ts'
import { startGateway, type Gateway } from './gateway.ts'

/** EX_CONFIG of sysexits.h: starting again without a change is of no use. */
const EXIT_CONFIG = 78

try {
  const { config, warnings } = loadConfig(process.env)
  const log = pino({ name: 'nexus-gateway', level: config.logLevel })
  for (const warning of warnings) log.warn(warning)
  const gateway = await startGateway(config, log)
  log.info({ event: 'listening', url: gateway.url, discovery: config.discovery.kind }, 'the gateway is ready')
  stopOnSignals(gateway, log)
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = error instanceof ConfigError ? EXIT_CONFIG : 1
}

/** The first signal drains, the second one ends at once. */
function stopOnSignals(gateway: Gateway, log: Logger): void {
  let isStopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    log.info({ event: 'stopping', signal }, 'finishing the calls in flight')
    void gateway.close().then(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return 'The gateway cannot listen: the port is in use. Choose another one with GATEWAY_PORT, or stop what uses it.'
  }
  return error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error)
}
