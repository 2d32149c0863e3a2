import { pino, type Logger } from 'pino'
import { followConfig } from './config/follow-config.ts'
import { loadConfig, type Environment, type LoadedConfig } from './config/load-config.ts'
import { restartFields } from './config/restart-fields.ts'
import { startGateway, type Gateway } from './gateway.ts'
import { createLogDestination } from './records/log-destination.ts'

/**
 * Serves until a signal says to stop.
 *
 * @throws ConfigError, or the system's error when it cannot listen
 */
export async function serve(env: Environment): Promise<void> {
  const loaded = loadConfig(env)
  const { config } = loaded
  const log = pino({ name: 'nexus-gateway', level: config.logLevel }, createLogDestination())
  warnOf(loaded, log)
  const stopping = new AbortController()
  const gateway = await startGateway(config, { log, onReload: () => follower.reload() })
  const follower = followConfig(env, {
    loaded,
    onConfig: changeOver(gateway, loaded, log),
    onProblem: () => gateway.noteInvalidConfig(),
    log,
    signal: stopping.signal,
  })
  const { url, adminPort } = gateway
  log.info({ event: 'listening', url, adminPort, discovery: config.discovery.kind }, 'the gateway is ready')
  stopOnSignals(gateway, stopping, log)
}

/** Says what is valid and probably not meant. */
function warnOf({ config, warnings }: LoadedConfig, log: Logger): void {
  for (const warning of warnings) log.warn({ event: 'config_warning' }, warning)
  if (config.upstreams.length > 0 || config.discovery.kind !== 'off') return
  log.warn(
    { event: 'config_warning' },
    'there is no upstream and discovery is off, so that every model is unknown; set GATEWAY_UPSTREAMS or GATEWAY_DISCOVERY=kubernetes',
  )
}

/** Brings each changed configuration into force. */
function changeOver(gateway: Gateway, started: LoadedConfig, log: Logger): (loaded: LoadedConfig) => void {
  return (loaded) => {
    const { config } = loaded
    warnOf(loaded, log)
    for (const field of restartFields(started.config, config)) {
      log.warn({ event: 'config_restart', field }, 'a changed field comes into force at the next start only')
    }
    log.level = config.logLevel
    gateway.reconfigure(config)
  }
}

/** The first signal drains, the second one ends at once. */
function stopOnSignals(gateway: Gateway, stopping: AbortController, log: Logger): void {
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) process.exit(1)
    stopping.abort()
    log.info({ event: 'stopping', signal }, 'finishing the calls in flight')
    void gateway.close().then(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
