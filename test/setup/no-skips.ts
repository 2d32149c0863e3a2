import type { Reporter, TestCase } from 'vitest/node'

/**
 * Fails a run in which a test was skipped: the gate has every tool that a test may ask for, so that a skipped test there is
 * one that nobody runs.
 */
export class NoSkips implements Reporter {
  readonly #skipped: string[] = []

  onTestCaseResult(test: TestCase): void {
    const result = test.result()
    if (result.state === 'skipped') this.#skipped.push(`${test.fullName}${result.note ? ` (${result.note})` : ''}`)
  }

  onTestRunEnd(): void {
    if (this.#skipped.length === 0) return
    process.stderr.write(`\nNo test may be skipped where CI is set, and these were:\n  ${this.#skipped.join('\n  ')}\n`)
    process.exitCode = 1
  }
}
