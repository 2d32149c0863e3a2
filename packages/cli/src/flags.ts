import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { OutputFormat } from './output/print.ts'

// The flags that many commands share.

/** Which project of which cluster a command is about. */
export function withProject(command: Command): Command {
  return withConnection(command.option('-n, --namespace <project>', 'the project (a namespace)'))
}

/** Which cluster a command is about. */
export function withConnection(command: Command): Command {
  return command
    .option('--context <name>', 'a context of the kubeconfig')
    .option('--kubeconfig <file>', 'the kubeconfig')
}

/** `-o`, with the formats of the command. */
export function outputOption(...formats: OutputFormat[]): Option {
  return new Option('-o, --output <format>', 'how to print').choices(formats)
}

/** Reads a flag that is a whole number. @throws InvalidArgumentError where it is none, or less than `least`. */
export function count(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`It is a whole number from ${least} up.`)
  }
}
