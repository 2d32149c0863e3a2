import { afterAll, beforeAll, expect, test } from 'vitest'
import { startNgcStub } from './ngc-stub.ts'
import type { NgcStub } from './ngc-stub.ts'

let stub: NgcStub
beforeAll(async () => {
  stub = await startNgcStub({ port: 0 })
})
afterAll(() => stub.close())

function check(key: string, { bearer = key, path = '/v3/keys/get-caller-info' } = {}): Promise<Response> {
  const body = new URLSearchParams({ credentials: key })
  return fetch(stub.url + path, { method: 'POST', headers: { authorization: `Bearer ${bearer}` }, body })
}

test('a personal key belongs to the sandbox, and the answer says whose it is', async () => {
  const response = await check('nvapi-test-1234')
  expect(response.status).toBe(200)
  expect(response.headers.get('x-nexus-stub')).toBe('true')
  expect(await response.json()).toMatchObject({ type: 'PERSONAL_KEY', orgName: 'nexus-sandbox' })
})

test.each([
  ['nvapi-test-revoked', 401],
  ['nvapi-test-forbidden', 403],
  ['nvapi-test-ratelimited', 429],
  ['nvapi-test-unavailable', 503],
  ['nvapi-test-restricted', 451],
  ['legacy-key', 401],
])('key %s is answered with %i', async (key, status) => {
  const response = await check(key)
  expect(response.status).toBe(status)
  expect(response.headers.get('x-nexus-stub')).toBe('true')
})

test('header and form have to carry the same key', async () => {
  expect((await check('nvapi-test-1', { bearer: 'nvapi-test-2' })).status).toBe(401)
})

test('no answer repeats the key', async () => {
  for (const key of ['nvapi-test-1234', 'nvapi-test-revoked', 'legacy-key']) {
    expect(await (await check(key)).text()).not.toContain(key)
  }
})

test('it answers nothing else', async () => {
  expect((await check('nvapi-test-1', { path: '/v2/token' })).status).toBe(404)
  expect((await fetch(`${stub.url}/v3/keys/get-caller-info`)).status).toBe(405)
})
