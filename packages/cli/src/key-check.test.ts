import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { SecretText } from '@nexus/core'
import { checkKey, keyCheckError } from '@nexus/nim-serving'
import type { KeyCheck } from '@nexus/nim-serving'
import { freePorts } from '@nexus/kube/testing'
import { startHttpProxy, startNgcStub } from '@nexus/sandbox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyChecker, proxyFor } from './key-check.ts'

const GOOD = 'nvapi-test-0123456789abcd'

describe('the key check', () => {
  let url: string
  let tlsUrl: string
  let deadPort: number
  const servers: { close(): Promise<void> }[] = []

  beforeAll(async () => {
    const plain = await startNgcStub({ port: 0 })
    const tls = await startNgcStub({ port: 0, tls: true })
    servers.push(plain, tls)
    url = plain.url
    tlsUrl = tls.url
    deadPort = (await freePorts(1))[0] ?? 0
  })

  afterAll(() => Promise.all(servers.map((server) => server.close())))

  test.each([
    { key: 'hello', code: 'NEXUS_DEPLOY_KEY_MALFORMED', says: 'starts with "nvapi-"' },
    {
      key: 'bWZ0a3Nlc3QxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTA',
      code: 'NEXUS_DEPLOY_KEY_LEGACY',
      says: 'setup/api-keys',
    },
    { key: `${GOOD}-revoked`, code: 'NEXUS_DEPLOY_KEY_INVALID', says: 'wrong, expired or revoked' },
    { key: `${GOOD}-forbidden`, code: 'NEXUS_DEPLOY_KEY_FORBIDDEN', says: 'NGC Catalog' },
    { key: `${GOOD}-ratelimited`, code: 'NEXUS_DEPLOY_KEY_RATE_LIMITED', says: 'Try again in 1 s' },
    { key: `${GOOD}-restricted`, code: 'NEXUS_DEPLOY_KEY_RESTRICTED', says: 'another region' },
    { key: `${GOOD}-unavailable`, code: 'NEXUS_DEPLOY_KEY_UNAVAILABLE', says: 'Try again later' },
    { key: `${GOOD}-redirected`, code: 'NEXUS_DEPLOY_KEY_UNAVAILABLE', says: 'Is NEXUS_NGC_URL the right address?' },
    { key: `${GOOD}-reset`, code: 'NEXUS_DEPLOY_KEY_RESET', says: 'the connection broke' },
    { key: `${GOOD}-slow`, code: 'NEXUS_DEPLOY_KEY_TIMEOUT', says: 'it takes too long' },
    { key: GOOD, at: () => tlsUrl, code: 'NEXUS_DEPLOY_KEY_TLS', says: 'NODE_EXTRA_CA_CERTS' },
    { key: GOOD, at: () => 'http://ngc.invalid', code: 'NEXUS_DEPLOY_KEY_DNS', says: 'its name is not found' },
    {
      key: GOOD,
      at: () => `http://127.0.0.1:${deadPort}`,
      code: 'NEXUS_DEPLOY_KEY_UNREACHABLE',
      says: 'nobody answers',
    },
    { key: GOOD, at: () => 'ngc', code: 'NEXUS_DEPLOY_KEY_UNREACHABLE', says: 'it is not a URL' },
  ])('tells $code from all others, without the key', async ({ key, at = () => url, code, says }) => {
    const answer = await checkKey(key, { fetch, url: at(), timeoutMs: 2000 })
    const error = keyCheckError(answer)
    expect(error?.code).toBe(code)
    expect(`${error?.message} ${error?.hint}`).toContain(says)
    expect(inspect([answer, error], { depth: 9 }).replaceAll(/\n {4}at .*/g, '')).not.toContain(key)
  })

  test('trims a key that was pasted with its line', async () => {
    expect(await checkKey(` ${GOOD}\r\n`, { fetch, url })).toEqual({ outcome: 'valid' })
  })

  const fixture = join(import.meta.dirname, '../../../../shared/fixtures/ngc/get_caller_info_response.json')
  test.skipIf(!existsSync(fixture))('keeps nothing of the person whom NVIDIA describes', async () => {
    const person: unknown = JSON.parse(readFileSync(fixture, 'utf8'))
    if (typeof person !== 'object' || person === null) throw new TypeError('the fixture is no object')
    const stub = await startNgcStub({ port: 0, person })
    servers.push(stub)
    expect(await checkKey(GOOD, { fetch, url: stub.url })).toEqual({ outcome: 'valid' })
  })

  test.each<{ proxied: string; refuses: boolean; outcome: KeyCheck['outcome']; code: string | undefined }>([
    { proxied: 'lets it through', refuses: false, outcome: 'valid', code: undefined },
    { proxied: 'wants a password', refuses: true, outcome: 'unreachable', code: 'NEXUS_DEPLOY_KEY_PROXY' },
  ])('goes through a proxy that $proxied, and names it', async ({ refuses, outcome, code }) => {
    const proxy = await startHttpProxy({ refuses })
    servers.push(proxy)
    const env = { NEXUS_NGC_URL: url, HTTP_PROXY: proxy.url.replace('://', '://ada:secret@') }
    const answer = await keyChecker({ sandbox: undefined }, { env }).checkKey(new SecretText(GOOD))
    expect(answer.outcome).toBe(outcome)
    expect(proxy.asked).toEqual([new URL(url).host])
    const error = keyCheckError(answer)
    expect(error?.code).toBe(code)
    if (error !== undefined) expect(error.message).toContain(`through the proxy ${new URL(proxy.url).host}`)
    expect(inspect(error, { depth: 9 })).not.toMatch(/secret|nvapi-test/)
  })

  test('names a proxy that is not there, and not the service behind it', async () => {
    const env = { NEXUS_NGC_URL: url, http_proxy: `http://127.0.0.1:${deadPort}` }
    const error = keyCheckError(await keyChecker({ sandbox: undefined }, { env }).checkKey(new SecretText(GOOD)))
    expect(error).toMatchObject({ code: 'NEXUS_DEPLOY_KEY_PROXY' })
    const spared = keyChecker({ sandbox: undefined }, { env: { ...env, NO_PROXY: '127.0.0.1' } })
    expect(await spared.checkKey(new SecretText(GOOD))).toEqual({ outcome: 'valid' })
  })
})

const proxied = { HTTPS_PROXY: 'http://p:3128', http_proxy: 'http://q:3128' }
test.each([
  { address: 'https://api.ngc.nvidia.com', env: proxied, proxy: 'http://p:3128' },
  { address: 'http://stub:8080', env: proxied, proxy: 'http://q:3128' },
  { address: 'https://api.ngc.nvidia.com', env: {}, proxy: undefined },
  { address: 'https://api.ngc.nvidia.com', env: { ...proxied, no_proxy: '*' }, proxy: undefined },
  { address: 'https://api.ngc.nvidia.com', env: { ...proxied, NO_PROXY: 'a, .nvidia.com' }, proxy: undefined },
  { address: 'https://api.ngc.nvidia.com', env: { ...proxied, NO_PROXY: 'nvidia.com:443' }, proxy: undefined },
  { address: 'https://api.ngc.nvidia.com', env: { ...proxied, NO_PROXY: 'nvidia.com:8443' }, proxy: 'http://p:3128' },
  { address: 'https://notnvidia.com', env: { ...proxied, NO_PROXY: 'nvidia.com' }, proxy: 'http://p:3128' },
])('$address with $env goes by $proxy', ({ address, env, proxy }) => {
  expect(proxyFor(address, env)).toBe(proxy)
})
