import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { portOf } from '@nexus/kube/testing'
import { afterEach, expect, test } from 'vitest'
import { TEST_KEY } from '../testing/inputs.ts'
import { checkKey, keyCheckError } from './check.ts'
import { parseKey, shapeOfKey } from './parse.ts'

const LEGACY_KEY = 'bWZ0a3Nlc3QxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw'

test.each([
  { text: TEST_KEY, shape: 'personal' },
  { text: `  ${TEST_KEY}\n`, shape: 'personal' },
  { text: LEGACY_KEY, shape: 'legacy' },
  { text: '', shape: 'malformed' },
  { text: 'nvapi-', shape: 'malformed' },
  { text: 'hello', shape: 'malformed' },
  { text: `${TEST_KEY} ${TEST_KEY}`, shape: 'malformed' },
  { text: `Bearer ${TEST_KEY}`, shape: 'malformed' },
])('"$text" is $shape', ({ text, shape }) => {
  expect(shapeOfKey(text)).toBe(shape)
})

test('a parsed key has no white space around it and is not printed', () => {
  const key = parseKey(` ${TEST_KEY}\r\n`)
  expect(key.reveal()).toBe(TEST_KEY)
  expect(inspect(key)).not.toContain('0123')
})

test.each([
  { text: LEGACY_KEY, code: 'NEXUS_DEPLOY_KEY_LEGACY' },
  { text: 'nvapi-with space', code: 'NEXUS_DEPLOY_KEY_MALFORMED' },
])('a key that is refused names the page for a new one and not itself: $code', ({ text, code }) => {
  const refused = catchError(() => parseKey(text))
  expect(refused).toMatchObject({ code })
  expect(inspect(refused)).toContain('https://org.ngc.nvidia.com/setup/api-keys')
  expect(inspect(refused).replaceAll(/\n {4}at .*/g, '')).not.toContain(text)
})

test('no error quotes what was pasted', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9]{20,60}$/), (text) => {
      expect(inspect(keyCheckError({ outcome: 'malformed' }))).not.toContain(text)
      expect(String(catchError(() => parseKey(text)))).not.toContain(text)
    }),
  )
})

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => {
      server.close(resolve)
    })
  }
})

test('NVIDIA is asked with a form, and a redirect is not followed', async () => {
  const asked: {
    url: string | undefined
    type: string | undefined
    authorization: string | undefined
    body: string
  }[] = []
  const url = await serve(async (request, response) => {
    const chunks: unknown[] = await request.setEncoding('utf8').toArray()
    const { 'content-type': type, authorization } = request.headers
    asked.push({ url: request.url, type, authorization, body: chunks.join('') })
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  expect(await checkKey(parseKey(TEST_KEY), { fetch, url })).toEqual({ outcome: 'unavailable', status: 302 })
  expect(asked).toEqual([
    {
      url: '/v3/keys/get-caller-info',
      type: 'application/x-www-form-urlencoded',
      authorization: `Bearer ${TEST_KEY}`,
      body: `credentials=${TEST_KEY}`,
    },
  ])
})

test.each([
  { status: 200, check: { outcome: 'valid' }, code: undefined },
  { status: 401, check: { outcome: 'invalid' }, code: 'NEXUS_DEPLOY_KEY_INVALID' },
  { status: 403, check: { outcome: 'forbidden' }, code: 'NEXUS_DEPLOY_KEY_FORBIDDEN' },
  { status: 429, check: { outcome: 'rate-limited', retryAfterS: 7 }, code: 'NEXUS_DEPLOY_KEY_RATE_LIMITED' },
  { status: 503, check: { outcome: 'unavailable', status: 503 }, code: 'NEXUS_DEPLOY_KEY_UNAVAILABLE' },
])('$status has its own answer', async ({ status, check, code }) => {
  const url = await serve((_, response) => {
    response.writeHead(status, { 'retry-after': '7' }).end('{"user":{"email":"ada@example.com"}}')
  })
  const answer = await checkKey(TEST_KEY, { fetch, url })
  expect(answer).toEqual(check)
  expect(keyCheckError(answer)?.code).toBe(code)
  expect(inspect(keyCheckError(answer))).not.toContain(TEST_KEY)
})

test.each([
  { what: 'a server that is not there', url: 'http://127.0.0.1:9', host: '127.0.0.1:9', says: 'bad port' },
  { what: 'an address that is none', url: 'ngc', host: 'ngc', says: 'it is not a URL' },
])('$what is told from a key that is wrong, with the reason', async ({ url, host, says }) => {
  const answer = await checkKey(TEST_KEY, { fetch, url })
  expect(answer).toMatchObject({ outcome: 'unreachable', host })
  const error = keyCheckError(answer)
  expect(error).toMatchObject({ code: 'NEXUS_DEPLOY_KEY_UNREACHABLE' })
  expect(error?.message).toMatch(new RegExp(`Cannot reach ${host} to check the key: .*${says}`))
  expect(inspect(error, { depth: 9 })).not.toContain(TEST_KEY)
})

test('a caller that gives up gets its own reason', async () => {
  const url = await serve(() => stop.abort(new Error('enough')))
  const stop = new AbortController()
  await expect(checkKey(TEST_KEY, { fetch, url, signal: stop.signal })).rejects.toThrow('enough')
})

test('a key of the wrong shape leaves the machine for nobody', async () => {
  const nobody = (): Promise<Response> => Promise.reject(new Error('asked'))
  expect(await checkKey(LEGACY_KEY, { fetch: nobody })).toEqual({ outcome: 'legacy' })
})

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<string> {
  const server = createServer((request, response) => {
    void answer(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${portOf(server.address())}`
}

function catchError(call: () => unknown): unknown {
  try {
    return call()
  } catch (thrown) {
    return thrown
  }
}
