import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listAt, stringAt } from './objects/fields.ts'
import { startTestServer } from './testing/test-server.ts'
import type { Answer, TestServer } from './testing/test-server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

async function makeFour(api: TestServer): Promise<void> {
  for (const name of ['a', 'b', 'c', 'd']) await api.ask('POST', MAPS, { body: { metadata: { name } } })
}

function namesOf({ body }: Answer): unknown[] {
  return listAt(body, 'items').map((item) => stringAt(item, 'metadata', 'name'))
}

function tokenOf({ body }: Answer): string {
  return stringAt(body, 'metadata', 'continue') ?? ''
}

test('later pages show the state of the first, whatever has changed since', async () => {
  await using api = await startTestServer()
  await makeFour(api)
  const first = await api.ask('GET', `${MAPS}?limit=2`)
  await api.ask('DELETE', `${MAPS}/c`)
  await api.ask('POST', MAPS, { body: { metadata: { name: 'cc' } } })
  const second = await api.ask('GET', `${MAPS}?limit=2&continue=${tokenOf(first)}`)
  expect([namesOf(first), namesOf(second)]).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ])
  expect(stringAt(second.body, 'metadata', 'resourceVersion')).toBe(stringAt(first.body, 'metadata', 'resourceVersion'))
})

test('a list exactly at a version shows what was there then', async () => {
  await using api = await startTestServer()
  await makeFour(api)
  const before = await api.ask('GET', MAPS)
  await api.ask('PUT', `${MAPS}/b`, { body: { metadata: { name: 'b' }, data: { a: '1' } } })
  await api.ask('DELETE', `${MAPS}/a`)
  const version = stringAt(before.body, 'metadata', 'resourceVersion')
  const then = await api.ask('GET', `${MAPS}?resourceVersion=${version}&resourceVersionMatch=Exact`)
  expect(then.body).toEqual(before.body)
})

test('a token that the server has forgotten brings one with which the list goes on, as it is now', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-list-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const token = await firstToken(dir)
  await using api = await startTestServer({ dir })
  const refused = await api.ask('GET', `${MAPS}?limit=2&continue=${token}`)
  expect(refused.body).toMatchObject({ code: 410, reason: 'Expired' })
  const rest = await api.ask('GET', `${MAPS}?limit=5&continue=${tokenOf(refused)}`)
  expect([rest.status, namesOf(rest)]).toEqual([200, ['c', 'd']])
})

/** The token of a first page, from a server that has written something since and was ended. */
async function firstToken(dir: string): Promise<string> {
  await using api = await startTestServer({ dir })
  await makeFour(api)
  const first = await api.ask('GET', `${MAPS}?limit=2`)
  await api.ask('PUT', `${MAPS}/a`, { body: { metadata: { name: 'a' }, data: { a: '1' } } })
  return tokenOf(first)
}

test('an exact version that is forgotten is gone, and one that is not there yet is not waited for', async () => {
  await using api = await startTestServer()
  const exact = (version: string) => api.ask('GET', `${MAPS}?resourceVersion=${version}&resourceVersionMatch=Exact`)
  expect((await exact('999999')).body).toMatchObject({ code: 504, reason: 'Timeout' })
  expect((await api.ask('GET', '/api/v1/pods?resourceVersion=1&resourceVersionMatch=Exact')).body).toMatchObject({
    code: 410,
    reason: 'Expired',
  })
})
