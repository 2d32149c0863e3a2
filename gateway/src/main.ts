import { runCommandLine } from './command-line.ts'
import { ConfigError, EXIT_CONFIG } from './config/errors.ts'
import { explainStart, serve } from './serve.ts'

const argv = process.argv.slice(2)

try {
  if (argv.length === 0) await serve(process.env)
  else process.exitCode = await runCommandLine(argv, process)
} catch (error) {
  process.stderr.write(`${explainStart(error)}\n`)
  process.exitCode = error instanceof ConfigError ? EXIT_CONFIG : 1
}
