import { mkdtemp, readFile, rename, rm, stat, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LineFile } from './line-file.ts'

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'line-file-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

function openFile(path: string) {
  const lost: number[] = []
  return { file: new LineFile({ path, onLost: (lines) => void lost.push(lines) }), lost }
}

test('appends lines in their order to what is there', async () => {
  const path = join(await makeDirectory(), 'usage.jsonl')
  await writeFile(path, 'before\n')
  const { file, lost } = openFile(path)
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`)
  for (const line of lines) file.append(line)
  await file.flush()
  expect(await readFile(path, 'utf8')).toBe(`before\n${lines.join('\n')}\n`)
  expect(lost).toEqual([])
})

test('writes without being asked to, and what comes meanwhile too', async () => {
  const path = join(await makeDirectory(), 'usage.jsonl')
  const { file } = openFile(path)
  const large = 'x'.repeat(64 * 1024)
  file.append(large)
  file.append('a')
  await expect.poll(() => readFile(path, 'utf8').catch(() => ''), { timeout: 10_000 }).toBe(`${large}\na\n`)
})

test('goes on in a new file when the old one is renamed', async () => {
  const path = join(await makeDirectory(), 'usage.jsonl')
  const { file } = openFile(path)
  file.append('one')
  await file.flush()
  await rename(path, `${path}.1`)
  file.append('two')
  await file.flush()
  expect(await readFile(`${path}.1`, 'utf8')).toBe('one\n')
  expect(await readFile(path, 'utf8')).toBe('two\n')
})

test('only its owner and its group may read the file', async () => {
  const path = join(await makeDirectory(), 'usage.jsonl')
  const { file } = openFile(path)
  file.append('one')
  await file.flush()
  expect((await stat(path)).mode & 0o007).toBe(0)
})

test('counts the lines that cannot be written, and writes again when it can', async () => {
  const path = join(await makeDirectory(), 'later', 'usage.jsonl')
  const { file, lost } = openFile(path)
  file.append('one')
  file.append('two')
  await file.flush()
  expect(lost).toEqual([2])
  await mkdir(join(path, '..'))
  file.append('three')
  await file.flush()
  // The empty line: what failed may have left half a line behind.
  expect(await readFile(path, 'utf8')).toBe('\nthree\n')
  expect(lost).toEqual([2])
})

test('holds a bounded number of lines for a slow disk, and counts the others', async () => {
  const { file, lost } = openFile(join(tmpdir(), 'no-such-directory', 'usage.jsonl'))
  const line = 'x'.repeat(1024 * 1024)
  for (let i = 0; i < 40; i++) file.append(line)
  expect(lost.length).toBeGreaterThan(10)
  await file.flush()
  expect(lost.reduce((sum, lines) => sum + lines, 0)).toBe(40)
})
