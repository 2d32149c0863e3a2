import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boundPort } from '../network/loopback-port.ts'

const main = join(import.meta.dirname, 'main.ts')
const dir = mkdtempSync(join(tmpdir(), 'nexus-wget-'))
const server = createServer((request, response) => {
  if (request.url === '/moved') response.writeHead(302, { location: '/file.txt' })
  else if (request.url === '/gone') response.writeHead(404)
  request
    .resume()
    .on('end', () => response.end(`${request.method} ${request.url} ${String(request.headers['x-mine'] ?? '')}`))
})
let url = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${boundPort(server)}`
})
afterAll(() => {
  server.close()
  rmSync(dir, { recursive: true, force: true })
})

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function tool(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: dir }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

test.each([
  ['writes to standard output', ['-q', '-O-', '/file.txt'], 'GET /file.txt '],
  ['follows redirects', ['-qO', '-', '/moved'], 'GET /file.txt '],
  ['posts, with headers', ['-q', '-O-', '--header', 'X-Mine: yes', '--post-data', 'a=1', '/post'], 'POST /post yes'],
  ['only looks', ['-q', '--spider', '/file.txt'], ''],
])('wget %s', async (_, args, stdout) => {
  const words = args.map((arg) => (arg.startsWith('/') ? url + arg : arg))
  expect(await tool('wget', ...words)).toEqual({ code: 0, stdout, stderr: '' })
})

test('wget keeps a file by the name of its URL', async () => {
  expect(await tool('wget', '-q', `${url}/file.txt`)).toMatchObject({ code: 0 })
  expect(readFileSync(join(dir, 'file.txt'), 'utf8')).toBe('GET /file.txt ')
})

test.each([
  ['an error of the server', '/gone', 'wget: server returned error: HTTP/1.1 404 Not Found\n'],
  [
    'a port that nobody has',
    'http://127.0.0.1:1',
    "wget: can't connect to remote host (127.0.0.1:1): Connection refused\n",
  ],
  ['a name that nobody has', 'http://nobody.invalid', "wget: bad address 'nobody.invalid'\n"],
])('%s is exit code 1', async (_, target, stderr) => {
  const words = target.startsWith('/') ? url + target : target
  expect(await tool('wget', '-q', '-O-', words)).toEqual({ code: 1, stdout: '', stderr })
})

test('nc tells whether somebody listens', async () => {
  const { port } = new URL(url)
  expect(await tool('nc', '-z', '127.0.0.1', port)).toMatchObject({ code: 0 })
  expect(await tool('nc', '-z', '-w', '5', '127.0.0.1', '1')).toMatchObject({ code: 1 })
})

test('an option that the stand-in does not know is an error that names it', async () => {
  const { code, stderr } = await tool('wget', '--mirror', url)
  expect(code).toBe(1)
  expect(stderr).toContain('--mirror')
})
