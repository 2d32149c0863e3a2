import { CommanderError } from 'commander'
import { buildProgram } from './program.ts'
import { processShell } from './shell.ts'

const shell = processShell()

try {
  await buildProgram(shell).parseAsync(process.argv)
} catch (error) {
  // Only what fails waits for the code that explains failures.
  const { ExitCode, exitCodeOf, renderError } = await import('./errors.ts')
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : ExitCode.usage
  } else {
    const ended: unknown = shell.signal.aborted ? shell.signal.reason : error
    shell.talk(renderError(ended))
    process.exitCode = exitCodeOf(ended)
  }
}
