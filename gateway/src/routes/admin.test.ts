import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../config/load-config.ts'
import { startGateway } from '../gateway.ts'
import { startConfigured } from '../testing/configured.ts'
import { TEST_KEY } from '../testing/running.ts'

const ADMIN_TOKEN = 'gw-test-admin-token'

function get(port: number | undefined, path: string, token?: string): Promise<Response> {
  const headers = { connection: 'close', ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  return fetch(`http://127.0.0.1:${port}${path}`, { headers })
}

test('metrics are on the second port, and on the first one only where the configuration says so', async () => {
  for (const publicMetrics of [true, false]) {
    const { port, adminPort } = await startConfigured(
      { w: 'mock://local' },
      { server: { adminPort: 0, publicMetrics } },
    )
    const [main, admin] = await Promise.all([get(port, '/metrics'), get(adminPort, '/metrics')])
    expect([main.status, admin.status]).toEqual([publicMetrics ? 200 : 404, 200])
    expect(await admin.text()).toContain('# TYPE gateway_requests_total counter')
    for (const probe of ['/health', '/live', '/ready']) {
      expect([(await get(port, probe)).status, (await get(adminPort, probe)).status]).toEqual([200, 200])
    }
  }
})

test('metrics tell how far the event loop is behind', async () => {
  const { adminPort } = await startConfigured({ w: 'mock://local' }, { server: { adminPort: 0 } })
  expect(await (await get(adminPort, '/metrics')).text()).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m)
})

test('the admin endpoints are closed without a token in the configuration, and say how to open them', async () => {
  const { adminPort } = await startConfigured({ w: 'mock://local' }, { server: { adminPort: 0 } })
  for (const token of [undefined, '', 'undefined', TEST_KEY]) {
    const response = await get(adminPort, '/admin/v1/config', token)
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('GATEWAY_ADMIN_TOKEN')
  }
})

test('an admin reads the configuration without its secrets, and every endpoint', async () => {
  const server = { adminPort: 0, adminToken: ADMIN_TOKEN }
  const auth = { keys: [{ key: 'gw-test-secret-key' }], jwt: { secret: 'gw-test-jwt-secret' } }
  const { adminPort } = await startConfigured({ w: 'mock://local' }, { server, auth, privacy: { hashSalt: 'gw-salt' } })
  const config = await (await get(adminPort, '/admin/v1/config', ADMIN_TOKEN)).text()
  expect(JSON.parse(config)).toMatchObject({ upstreams: [{ name: 'w', url: 'mock://local' }] })
  for (const secret of [ADMIN_TOKEN, 'gw-test', 'gw-salt']) expect(config).not.toContain(secret)
  const endpoints: unknown = await (await get(adminPort, '/admin/v1/endpoints', ADMIN_TOKEN)).json()
  expect(endpoints).toMatchObject({ endpoints: [{ upstream: 'w', url: 'mock://local' }] })
})

test('an admin has the configuration read again', async () => {
  let reloads = 0
  const env = {
    GATEWAY_PORT: '0',
    GATEWAY_ADMIN_PORT: '0',
    GATEWAY_ADMIN_TOKEN: ADMIN_TOKEN,
    GATEWAY_DRAIN_SECONDS: '0',
  }
  const gateway = await startGateway(loadConfig(env).config, {
    log: pino({ level: 'silent' }),
    onReload: () => (reloads += 1),
  })
  onTestFinished(() => gateway.close())
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, connection: 'close' }
  const url = `http://127.0.0.1:${gateway.adminPort}/admin/v1/reload`
  expect((await fetch(url, { method: 'POST', headers })).status).toBe(202)
  expect(reloads).toBe(1)
  expect((await fetch(url, { method: 'POST', headers: { connection: 'close' } })).status).toBe(403)
  expect(reloads).toBe(1)
})
