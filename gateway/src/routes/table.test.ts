import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { startConfigured } from '../testing/configured.ts'
import { TEST_KEY } from '../testing/running.ts'
import { OPEN_ROUTES, RouteTable } from './table.ts'

const ADMIN_TOKEN = 'gw-test-admin-token'
const ROUTES = [...RouteTable.forClients(true).routes, ...RouteTable.forAdmins().routes]

/** Both ports of a gateway. */
async function setUp() {
  const server = { adminPort: 0, adminToken: ADMIN_TOKEN }
  const gateway = await startConfigured({ w: 'mock://local' }, { server })
  return { main: gateway.port, admin: gateway.adminPort ?? 0 }
}

/** A request with its path as it is: unlike `fetch`, this normalises nothing. */
async function send(port: number, method: string, path: string, headers: Record<string, string> = {}) {
  const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('error', reject)
  })
  sent.end(method === 'POST' ? '{"model":"w","messages":[]}' : undefined)
  const response = await answered
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

const BOTH = { 'x-api-key': TEST_KEY, authorization: `Bearer ${ADMIN_TOKEN}` }

test('every route but those for probes and metrics refuses who shows nothing, and who shows what is wrong', async () => {
  const { main, admin } = await setUp()
  const closed = ROUTES.filter(({ path }) => !OPEN_ROUTES.has(path))
  expect(closed.length).toBeGreaterThan(10)
  for (const { method, path, access } of closed) {
    const port = access === 'admin' ? admin : main
    const wrongKind = access === 'admin' ? TEST_KEY : ADMIN_TOKEN
    for (const headers of [{}, { authorization: 'Bearer gw-test-wrong' }, { authorization: `Bearer ${wrongKind}` }]) {
      const answer = await send(port, method, path.replace('*', 'w'), headers)
      expect([path, answer.status]).toEqual([path, access === 'admin' ? 403 : 401])
      expect(answer.body).toMatch(/"code":"(invalid_api_key|admin_forbidden)"/)
    }
  }
})

test('the open ones are probes and metrics, and nothing else', () => {
  const open = ROUTES.filter(({ access }) => access === 'open').map(({ path }) => path)
  expect(new Set(open)).toEqual(OPEN_ROUTES)
  expect([...OPEN_ROUTES].toSorted()).toEqual(['/health', '/live', '/metrics', '/ready'])
})

describe('with every credential there is', () => {
  test.each<[string, (path: string) => string]>([
    ['a doubled slash at its start', (path) => `/${path}`],
    ['a doubled slash within', (path) => path.replace(/(?<=.)\//, '//')],
    ['a slash at its end', (path) => `${path}/`],
    ['a dot', (path) => `/.${path}`],
    ['two dots', (path) => `/v1/..${path}`],
    ['two dots at its end', (path) => `${path}/x/..`],
    ['encoded dots', (path) => `/v1/%2e%2e${path}`],
    ['an encoded slash', (path) => path.replace(/(?<=.)\//, '%2F')],
    ['an encoded letter', (path) => path.replace(/^\/./, (start) => `/%${start.charCodeAt(1).toString(16)}`)],
    ['a letter encoded twice', (path) => path.replace(/^\/./, (start) => `/%25${start.charCodeAt(1).toString(16)}`)],
    ['capital letters', (path) => path.toUpperCase()],
    ['a backslash', (path) => path.replace(/^\//, '\\')],
    ['a parameter', (path) => `${path};x=1`],
    ['an encoded blank at its end', (path) => `${path}%20`],
    ['an encoded null at its end', (path) => `${path}%00`],
  ])('no route is reached by a path with %s', async (_name, spell) => {
    const { main, admin } = await setUp()
    for (const { method, path, access } of ROUTES) {
      const spelled = spell(path.replace('*', 'w'))
      if (spelled === path) continue // no slash within
      const { status } = await send(access === 'admin' ? admin : main, method, spelled, BOTH)
      expect([spelled, status]).toEqual([spelled, spelled.startsWith('\\') ? 400 : 404])
    }
  })

  test('each port has its own routes alone', async () => {
    const { main, admin } = await setUp()
    for (const { method, path, access } of ROUTES.filter(({ path }) => !OPEN_ROUTES.has(path))) {
      const { status } = await send(access === 'admin' ? main : admin, method, path.replace('*', 'w'), BOTH)
      expect([path, status]).toEqual([path, 404])
    }
  })

  test('no route takes another method, and none lets a browser of another origin in', async () => {
    const { main, admin } = await setUp()
    for (const { method, path, access } of ROUTES) {
      for (const other of ['OPTIONS', 'PUT', 'DELETE', method === 'GET' ? 'POST' : 'GET']) {
        const headers = { ...BOTH, origin: 'https://elsewhere', 'access-control-request-method': method }
        const answer = await send(access === 'admin' ? admin : main, other, path.replace('*', 'w'), headers)
        expect([other, path, answer.status, answer.headers.allow]).toEqual([other, path, 405, method])
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
      }
    }
  })
})
