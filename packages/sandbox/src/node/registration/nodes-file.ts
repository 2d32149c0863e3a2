import { readFile, rename, writeFile } from 'node:fs/promises'

/** The names of the nodes that agents of a folder have registered, a line each: what the next one may have to take back. */
export class NodesFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  async read(): Promise<string[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    return text.split('\n').filter((line) => line !== '')
  }

  async write(names: readonly string[]): Promise<void> {
    await writeFile(`${this.#path}.next`, names.map((name) => `${name}\n`).join(''), { mode: 0o600 })
    await rename(`${this.#path}.next`, this.#path)
  }
}
