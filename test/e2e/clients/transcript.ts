import { root } from '../clusters/paths.ts'
import { run } from '../clusters/run.ts'
import type { Ran } from '../clusters/run.ts'

/** A command as a person types it; words with spaces make it a list. */
export type Command = string | readonly string[]

export interface StepOptions {
  /** Standard input. */
  readonly input?: string
  /** How a program that tells of progress is written down: its last line. Default `all`. */
  readonly keep?: 'all' | 'last'
}

/** Commands with what they printed, as a person in the checkout would see them: what two clusters are compared by. */
export class Transcript {
  readonly #env: Record<string, string>
  readonly #normalise: (text: string) => string
  readonly #programs: Record<string, string>
  #text = ''

  /** `programs` says where those are that are not on the PATH. */
  constructor(env: Record<string, string>, normalise: (text: string) => string, programs: Record<string, string> = {}) {
    this.#env = env
    this.#normalise = normalise
    this.#programs = programs
  }

  /** Runs a command and writes down what it printed and how it ended. */
  async run(command: Command, { input, keep = 'all' }: StepOptions = {}): Promise<Ran> {
    const words = typeof command === 'string' ? command.split(' ') : command
    const ran = await this.quietly(words, input)
    const shown = [...lines(ran.stdout), ...lines(ran.stderr).map((line) => `! ${line}`)]
    const kept = keep === 'all' ? shown : shown.slice(-1)
    const exit = ran.code === 0 ? [] : [`exit ${ran.code}`]
    this.#text += `$ ${words.map(quoted).join(' ')}\n${[...kept, ...exit].map((line) => `${line}\n`).join('')}\n`
    return ran
  }

  /** Runs a command of which nothing is written down. */
  async quietly(command: Command, input?: string): Promise<Ran> {
    const [program = '', ...args] = typeof command === 'string' ? command.split(' ') : command
    return run(this.#programs[program] ?? program, args, {
      env: this.#env,
      cwd: root,
      ...(input !== undefined && { input }),
    })
  }

  /** What has been written down since the last call, without what differs from run to run. */
  take(): string {
    const text = this.#normalise(this.#text)
    this.#text = ''
    return text
  }
}

function lines(text: string): string[] {
  return text.trimEnd() === '' ? [] : text.trimEnd().split('\n')
}

function quoted(word: string): string {
  return /[\s{}'"$]/.test(word) ? `'${word}'` : word
}
