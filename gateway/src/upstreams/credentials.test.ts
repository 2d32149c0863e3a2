import { afterEach, expect, test, vi } from 'vitest'
import { credentialHeaders } from './credentials.ts'

afterEach(() => vi.unstubAllEnvs())

test('an upstream is shown the value of the variable, as a bearer token or as it is', () => {
  vi.stubEnv('HOSTED_KEY', 'nvapi-test-hosted')
  const authorization = { credentials: { header: 'authorization', fromEnv: 'HOSTED_KEY' } }
  expect(credentialHeaders(authorization)).toEqual({ authorization: 'Bearer nvapi-test-hosted' })
  expect(credentialHeaders({ credentials: { header: 'api-key', fromEnv: 'HOSTED_KEY' } })).toEqual({
    'api-key': 'nvapi-test-hosted',
  })
})

test('nothing is shown where there is nothing to show', () => {
  vi.stubEnv('HOSTED_KEY', '')
  expect(credentialHeaders({ credentials: { header: 'authorization', fromEnv: 'HOSTED_KEY' } })).toEqual({})
  expect(credentialHeaders({ credentials: undefined })).toEqual({})
})
