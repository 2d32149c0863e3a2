import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { ApiKey } from '../config/schema/auth.ts'
import { createAuthenticator } from './authenticator.ts'
import { KeyDocumentError, parseKeyDocument, renderKeyDocument, toApiKey } from './key-document.ts'
import { runKeysCommand } from './keys-command.ts'

const NOW = Date.parse('2030-01-01T00:00:00Z')
const HOUR_MS = 3_600_000

async function tempFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-keys-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'keys.yaml')
}

async function keys(argv: string[], { stdin = '', now = NOW } = {}) {
  const written = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (written[name] += text) })
  const io = { stdin: Readable.from([stdin]), stdout: sink('stdout'), stderr: sink('stderr'), env: {} }
  return { code: await runKeysCommand(argv, io, () => now), ...written }
}

const Answer = z.object({ document: z.string(), key: z.string().default(''), keys: z.array(z.unknown()) })

/** What `--stdin` answers to a change. */
async function answer(argv: string[], options: { stdin?: string } = {}) {
  return Answer.parse(JSON.parse((await keys(argv, options)).stdout))
}

/** Whether the gateway would let a key in that has this document. */
function isAccepted(document: string, key: string, now: number): boolean {
  const storedKeys = parseKeyDocument(document).map(toApiKey)
  const defaults = { requestsPerWindow: null, tokensPerMinute: null, concurrency: null }
  const authenticator = createAuthenticator({ keys: [], storedKeys, tokens: undefined, defaults, now: () => now })
  try {
    void authenticator.authenticate({ 'x-api-key': key })
    return true
  } catch {
    return false
  }
}

test('creates a key that is shown once and stored as its digest', async () => {
  const path = await tempFile()
  const flags = ['--projects', 'demo,other', '--models', 'a', '--models', 'b', '--requests', '10', '--tokens', 'none']
  const made = await keys(['create', 'app', '--file', path, ...flags, '--team', 'blue', '--expires', '30d'])
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(made.stdout).toMatch(/^nxg_[A-Za-z0-9_-]{43}\n$/)
  const key = made.stdout.trim()
  const document = await readFile(path, 'utf8')
  expect(document).not.toContain(key)
  expect(document).not.toContain(key.slice(10, -6))
  expect(parse(document)).toEqual([
    {
      id: 'app',
      hash: `sha256:${createHash('sha256').update(key).digest('hex')}`,
      prefix: key.slice(0, 8),
      last4: key.slice(-4),
      createdAt: '2030-01-01T00:00:00.000Z',
      projects: ['demo', 'other'],
      models: ['a', 'b'],
      limits: { requestsPerWindow: 10, tokensPerMinute: null },
      team: 'blue',
      expiresAt: '2030-01-31T00:00:00.000Z',
      disabled: false,
    },
  ])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect([isAccepted(document, key, NOW), isAccepted(document, key, NOW + 31 * 24 * HOUR_MS)]).toEqual([true, false])
})

test('what is stored is a key as the configuration takes it', async () => {
  const made = await answer(['create', 'app', '--stdin'])
  const [stored] = parseKeyDocument(made.document).map(toApiKey)
  expect(ApiKey.parse(stored)).toEqual(stored)
})

test('rotates a key: both are good until the overlap ends, then the new one alone', async () => {
  const path = await tempFile()
  const before = (await keys(['create', 'app', '--file', path, '--projects', 'demo'])).stdout.trim()
  const after = (await keys(['rotate', 'app', '--file', path, '--overlap', '2h'])).stdout.trim()
  const document = await readFile(path, 'utf8')
  expect(after).not.toBe(before)
  const accepted = (now: number): boolean[] => [before, after].map((key) => isAccepted(document, key, now))
  expect(accepted(NOW + 2 * HOUR_MS - 1)).toEqual([true, true])
  expect(accepted(NOW + 2 * HOUR_MS)).toEqual([false, true])
  expect(parseKeyDocument(document).map(({ id, projects }) => [id, projects])).toEqual([
    ['app', ['demo']],
    ['app', ['demo']],
  ])
  await keys(['rotate', 'app', '--file', path, '--overlap', '0'], { now: NOW + 3 * HOUR_MS })
  const last = await readFile(path, 'utf8')
  expect(parseKeyDocument(last)).toHaveLength(1)
  expect([before, after].map((key) => isAccepted(last, key, NOW + 3 * HOUR_MS))).toEqual([false, false])
})

test('a rotation lengthens no life: neither that of the old key nor, unasked, that of the new one', async () => {
  const path = await tempFile()
  await keys(['create', 'app', '--file', path, '--expires', '1h'])
  await keys(['rotate', 'app', '--file', path, '--overlap', '24h'])
  const ends = parseKeyDocument(await readFile(path, 'utf8')).map(({ expiresAt }) => expiresAt)
  expect(ends).toEqual(['2030-01-01T01:00:00.000Z', '2030-01-01T01:00:00.000Z'])
  const late = await keys(['rotate', 'app', '--file', path], { now: NOW + HOUR_MS })
  expect(late.code).toBe(6)
  expect(late.stderr).toContain('--expires')
  expect(await keys(['rotate', 'app', '--file', path, '--expires', '1d'], { now: NOW + HOUR_MS })).toMatchObject({
    code: 0,
  })
  expect(parseKeyDocument(await readFile(path, 'utf8'))).toMatchObject([{ expiresAt: '2030-01-02T01:00:00.000Z' }])
})

test('revokes every key of a name and no other', async () => {
  const path = await tempFile()
  const [one, other] = [await keys(['create', 'one', '--file', path]), await keys(['create', 'other', '--file', path])]
  await keys(['rotate', 'one', '--file', path])
  expect(await keys(['revoke', 'one', '--file', path])).toMatchObject({ code: 0, stdout: 'key one revoked\n' })
  const document = await readFile(path, 'utf8')
  expect([one, other].map(({ stdout }) => isAccepted(document, stdout.trim(), NOW))).toEqual([false, true])
})

test('lists keys by how they begin and end, for people and for programs', async () => {
  const path = await tempFile()
  const made = await keys(['create', 'app', '--file', path, '--projects', '*', '--expires', '1h'])
  const table = (await keys(['list', '--file', path])).stdout
  expect(table).toMatch(
    /^NAME +KEY +STATE +PROJECTS +MODELS +CREATED +EXPIRES\napp +nxg_\S{4}…\S{4} +active +\* +all +2030-01-01/,
  )
  const listed = await keys(['list', '--file', path, '-o', 'json'], { now: NOW + HOUR_MS })
  expect(JSON.parse(listed.stdout)).toMatchObject([{ id: 'app', state: 'expired', models: null }])
  for (const shown of [table, listed.stdout]) {
    expect(shown).not.toContain(made.stdout.trim())
    expect(shown).not.toContain('sha256')
  }
})

test('works on standard input: one line of JSON with the new document, and none where nothing changes', async () => {
  const made = await answer(['create', 'app', '--stdin'])
  expect(made.keys).toMatchObject([{ id: 'app', state: 'active' }])
  expect(isAccepted(made.document, made.key, NOW)).toBe(true)
  const listed: unknown = JSON.parse((await keys(['list', '--stdin'], { stdin: made.document })).stdout)
  expect(listed).toMatchObject({ document: null, keys: [{ id: 'app' }] })
  const revoked = await answer(['revoke', 'app', '--stdin'], { stdin: made.document })
  expect(parseKeyDocument(revoked.document)).toEqual([])
})

test.each([
  ['an unknown verb', ['make', 'app', '--stdin'], 2, /create, list, revoke, rotate/],
  ['no store', ['list'], 2, /--file FILE or --stdin/],
  ['two stores', ['list', '--stdin', '--file', 'x'], 2, /--file FILE or --stdin/],
  ['no name', ['create', '--stdin'], 2, /a key has a name/],
  ['a name with a slash', ['create', '../app', '--stdin'], 2, /a key has a name/],
  ['the name of a token, whose limits it would share', ['create', 'jwt-0123abcd', '--stdin'], 2, /not that of a token/],
  ['too much', ['revoke', 'a', 'b', '--stdin'], 2, /too many/],
  ['a flag of another verb', ['revoke', 'a', '--models', 'x', '--stdin'], 2, /no flag --models/],
  ['an unknown flag', ['create', 'a', '--scope', 'x', '--stdin'], 2, /--scope/],
  ['a limit that is none', ['create', 'a', '--requests', '-1', '--stdin'], 2, /--requests/],
  [
    'a project that is no namespace',
    ['create', 'a', '--projects', 'Demo', '--stdin'],
    2,
    /--projects must be a namespace or \*$/m,
  ],
  ['an odd span', ['create', 'a', '--expires', '3 weeks', '--stdin'], 2, /--expires is a span .*, or a date/],
  ['a date that is over', ['create', 'a', '--expires', '2029-12-31', '--stdin'], 2, /in the future/],
  ['a date that does not exist', ['create', 'a', '--expires', '2030-02-40', '--stdin'], 2, /does not exist/],
  ['an odd output', ['list', '-o', 'xml', '--stdin'], 2, /json/],
  ['a key that is not there', ['revoke', 'a', '--stdin'], 3, /no key a/],
  ['a key to rotate that is not there', ['rotate', 'a', '--stdin'], 3, /no key a\nSee .*keys list/],
])('refuses %s', async (_name, argv, code, message) => {
  const ran = await keys(argv)
  expect(ran).toMatchObject({ code, stdout: '' })
  expect(ran.stderr).toMatch(message)
})

test('refuses a second key of the same name', async () => {
  const path = await tempFile()
  await keys(['create', 'app', '--file', path])
  const before = await readFile(path, 'utf8')
  expect(await keys(['create', 'app', '--file', path])).toMatchObject({ code: 6, stdout: '' })
  expect(await readFile(path, 'utf8')).toBe(before)
})

test('leaves a document alone that it cannot read, quotes nothing of it and leaves no file behind', async () => {
  const path = await tempFile()
  for (const bad of [
    '- id: app\n  key: gw-test-plain-text\n',
    'id: "gw-test-plain-text',
    '- {id: gw-test-plain-text',
  ]) {
    await writeFile(path, bad)
    const ran = await keys(['create', 'other', '--file', path])
    expect(ran).toMatchObject({ code: 65, stdout: '' })
    expect(ran.stderr).not.toContain('plain-text')
    expect(await readFile(path, 'utf8')).toBe(bad)
  }
  expect(await readdir(join(path, '..'))).toEqual(['keys.yaml'])
})

test('a document is read as it was written', async () => {
  const made = await answer(['create', 'app', '--stdin', '--team', 'yes: [no'])
  const read = parseKeyDocument(made.document)
  expect(parseKeyDocument(renderKeyDocument(read))).toEqual(read)
  expect(parseKeyDocument(renderKeyDocument([]))).toEqual([])
  expect(() => parseKeyDocument('[{"id":"a"}]')).toThrow(KeyDocumentError)
})

test('makes keys of 256 bits that differ', async () => {
  const made = await Promise.all(Array.from({ length: 20 }, () => answer(['create', 'app', '--stdin'])))
  expect(new Set(made.map(({ key }) => key)).size).toBe(20)
  expect(made.every(({ key }) => Buffer.from(key.slice(4), 'base64url').length === 32)).toBe(true)
})
