import type { Pod } from '@nexus/kube'
import { expect, test } from 'vitest'
import { requestToken } from './service-account-token.ts'
import type { TokenIssuer } from './service-account-token.ts'

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'llama', namespace: 'demo', uid: 'u-1' },
  spec: { containers: [], serviceAccountName: 'reader' },
}

/** An API server that answers with `body`; what it was asked. */
function issuer(status: number, body: object): TokenIssuer & { asked: string[] } {
  const asked: string[] = []
  const transport: TokenIssuer['transport'] = {
    call: async ({ method, path, body: text }) => {
      asked.push(`${method} ${path} ${String(text)}`)
      return { status, header: () => undefined, text: JSON.stringify(body) }
    },
  }
  return { transport, asked }
}

test('a token is asked for the pod, and again when four fifths of its life are over', async () => {
  const expirationTimestamp = new Date(Date.now() + 1_000_000).toISOString()
  const server = issuer(201, { status: { token: 'abc', expirationTimestamp } })
  const before = Date.now()
  const { token, refreshAt } = await requestToken(server, pod, {
    path: 'token',
    audience: 'vault',
    expirationSeconds: 900,
  })
  expect(token).toBe('abc')
  expect(refreshAt - before).toBeGreaterThan(700_000)
  expect(refreshAt - before).toBeLessThan(1_000_000)
  expect(server.asked[0]).toContain('POST /api/v1/namespaces/demo/serviceaccounts/reader/token')
  expect(server.asked[0]).toContain('"audiences":["vault"],"expirationSeconds":900')
  expect(server.asked[0]).toContain('"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"llama","uid":"u-1"}')
})

test('a server that issues none is quoted', async () => {
  const server = issuer(404, { message: 'serviceaccounts "reader" not found' })
  await expect(requestToken(server, pod, { path: 'token' })).rejects.toThrow(
    'failed to fetch token: serviceaccounts "reader" not found',
  )
})
