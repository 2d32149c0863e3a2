import { readConfig } from './config.ts'
import type { WorkerConfig } from './config.ts'
import { jsonLog } from './log.ts'
import { keyProblem } from './nim.ts'
import { startWorker } from './server.ts'

/** `EX_CONFIG` of sysexits.h: something in the environment must be repaired before another try can help. */
const EXIT_BAD_CONFIGURATION = 78

const log = jsonLog((line) => process.stdout.write(line))
process.exitCode = await main()

async function main(): Promise<number> {
  const result = readConfig(process.env)
  if (!result.ok) {
    for (const problem of result.problems) log.error(problem)
    return EXIT_BAD_CONFIGURATION
  }
  const { config } = result
  const problem = config.dress.kind === 'nim' ? keyProblem(process.env['NGC_API_KEY']) : undefined
  if (problem !== undefined) {
    log.error(problem)
    return 1
  }
  try {
    return await serve(config)
  } catch (error) {
    log.error(`The worker cannot run: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

/** Serves until SIGTERM or SIGINT, then lets the running answers finish. */
async function serve(config: WorkerConfig): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
  const worker = await startWorker(config, log)
  try {
    await Promise.race([worker.ready.then(() => stopped), stopped])
    log.info('Stopping')
  } finally {
    await worker.close()
  }
  return 0
}
