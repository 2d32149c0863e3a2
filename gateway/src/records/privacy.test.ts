import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Caller } from '../auth/caller.ts'
import { createPrivacy } from './privacy.ts'

const CALLER: Caller = {
  id: 'team-a',
  method: 'api_key',
  isShared: false,
  team: undefined,
  projects: new Set(),
  models: undefined,
  limits: { requestsPerWindow: null, tokensPerMinute: null, concurrency: null },
}

test.for([
  ['192.168.17.42', '192.168.17.0'],
  ['::ffff:192.168.17.42', '192.168.17.0'],
  ['2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8::'],
  ['2001:db8::1', '2001:db8::'],
  ['2001::1', '2001::'],
  ['fe80::1%eth0', 'fe80::'],
  ['::1', '::'],
])('of %s the log has %s', ([address = '', masked = '']) => {
  expect(createPrivacy({ maskIp: true }).clientIp(address)).toBe(masked)
})

test('addresses stay whole where the configuration says so', () => {
  expect(createPrivacy({ maskIp: false }).clientIp('2001:db8::1')).toBe('2001:db8::1')
})

test('the hash of a caller is that of its salted id', () => {
  const whole = createHash('sha256').update('pepper:team-a').digest('hex')
  const privacy = createPrivacy({ maskIp: true, hashSalt: 'pepper' })
  expect(privacy.principalHash(CALLER)).toBe(whole.slice(0, 16))
  expect(privacy.principalHash({ ...CALLER })).toBe(whole.slice(0, 16))
})

test('without a salt nobody can guess the hash', () => {
  expect(createPrivacy({ maskIp: true }).principalHash(CALLER)).not.toBe(
    createPrivacy({ maskIp: true }).principalHash(CALLER),
  )
})
