import { expect, test } from 'vitest'
import { loadConfig, type Environment } from './load-config.ts'
import { restartFields } from './restart-fields.ts'

function changed(before: Environment, after: Environment): string[] {
  return restartFields(loadConfig(before).config, loadConfig(after).config)
}

test('names what only the next start brings into force', () => {
  expect(changed({}, { GATEWAY_PORT: '8100' })).toEqual(['server'])
  const pod = { KUBERNETES_SERVICE_HOST: 'api', NEXUS_SERVICE_ACCOUNT_DIR: '/nowhere' }
  expect(changed(pod, { ...pod, GATEWAY_DISCOVERY: 'kubernetes' })).toEqual(['discovery'])
  expect(changed(pod, { ...pod, GATEWAY_KEYS_SECRET: 'keys' })).toEqual(['auth.secret'])
})

test('says nothing of what comes into force at once', () => {
  const after = { GATEWAY_UPSTREAMS: 'a=http://h', GATEWAY_ADMIN_TOKEN: 'gw-test-admin', GATEWAY_LOG_LEVEL: 'warn' }
  expect(changed({}, after)).toEqual([])
})
