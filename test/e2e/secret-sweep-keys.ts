import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Distinct keys of the right shape that are nobody's; `mark` is a part of each, e.g. what the stub answers to. */
export function makeKeys(count: number, mark = ''): string[] {
  return Array.from({ length: count }, (_, index) => {
    const random = crypto.randomUUID().replaceAll('-', '').slice(0, 16)
    return `nvapi-test-sweep${String(index).padStart(3, '0')}${mark}-${random}`
  })
}

/**
 * What a key looks like wherever it may have got to: as it is, and in base64 at each of the three places that its first
 * character can have within a longer text, such as a docker configuration. The edges, which depend on the neighbours, are
 * left out.
 */
export function formsOf(key: string): string[] {
  const encoded = [0, 1, 2].map((offset) => {
    const text = btoa('x'.repeat(offset) + key).replaceAll('=', '')
    return text.slice(offset === 0 ? 0 : offset + 1, -2)
  })
  return [key, ...encoded]
}

/** Looks for any of many keys at once. */
export class KeyDetector {
  readonly #forms: readonly string[]

  constructor(keys: readonly string[]) {
    this.#forms = keys.flatMap(formsOf)
  }

  /** The keys' forms found in a text; empty: none. */
  findIn(text: string): string[] {
    return this.#forms.filter((form) => text.includes(form))
  }
}

/** The command lines of all processes of this machine in which a key stood, looked at until `stop` (Linux only). */
export function sampleCommandLines(detector: KeyDetector): { stop: () => Promise<readonly string[]> } {
  const ended = new AbortController()
  const found = new Set<string>()
  const looking = (async () => {
    while (!ended.signal.aborted) {
      for (const line of await commandLines()) if (detector.findIn(line).length > 0) found.add(line)
      await delay(15)
    }
  })()
  return {
    async stop() {
      ended.abort()
      await looking
      return [...found]
    },
  }
}

async function commandLines(): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  return Promise.all(
    processes.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return text.replaceAll('\0', ' ')
    }),
  )
}

/** Files below a folder in which a key stands; those that `isExcepted` are not looked at. */
export async function filesWithKeys(
  folder: string,
  detector: KeyDetector,
  isExcepted: (path: string) => boolean,
): Promise<{ readonly looked: number; readonly found: readonly string[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !isExcepted(path))
  const found: string[] = []
  for (const file of files) {
    const text = await readFile(file, 'latin1').catch(() => '')
    if (detector.findIn(text).length > 0) found.push(file)
  }
  return { looked: files.length, found }
}
