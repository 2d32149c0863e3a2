import { SecretText } from '@nexus/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSameVersion, withKey } from './key-version.ts'
import type { KeyVersion } from './rotation.ts'

const OLD = 'nvapi-test-old-0123456789'
const NEW = 'nvapi-test-new-0123456789'
const next = { key: new SecretText(NEW), setBy: 'ada', registryHost: 'mirror:5000' }

function versionWith(config: string): KeyVersion {
  return { apiKey: { data: { NGC_API_KEY: btoa(OLD) } }, pull: { data: { '.dockerconfigjson': btoa(config) } } }
}

function configOf(version: KeyVersion): unknown {
  return JSON.parse(atob(version.pull.data['.dockerconfigjson'] ?? ''))
}

const entry = { username: '$oauthtoken', password: NEW, auth: btoa(`$oauthtoken:${NEW}`) }

test.each<{ name: string; config: string; auths: object }>([
  {
    name: 'user and password',
    config: JSON.stringify({ auths: { 'nvcr.io': { username: '$oauthtoken', password: OLD } } }),
    auths: { 'nvcr.io': entry },
  },
  {
    name: 'only both in one, as kubectl may write it',
    config: JSON.stringify({ auths: { 'nvcr.io': { auth: btoa(`$oauthtoken:${OLD}`) } } }),
    auths: { 'nvcr.io': entry },
  },
  {
    name: 'another registry first',
    config: JSON.stringify({ auths: { other: { username: 'x', password: 'y' }, 'nvcr.io': entry } }).replaceAll(
      NEW,
      OLD,
    ),
    auths: { other: { username: 'x', password: 'y' }, 'nvcr.io': entry },
  },
  { name: 'nothing of ours', config: '{"auths":{}}', auths: { 'mirror:5000': entry } },
  { name: 'nothing that can be read', config: 'oops', auths: { 'mirror:5000': entry } },
])('a pull Secret gets the new password and keeps the rest: $name', ({ config, auths }) => {
  expect(configOf(withKey(versionWith(config), next))).toEqual({ auths })
})

test('the key that is there already changes nothing, whatever the order of its fields', () => {
  const auths = { 'nvcr.io': { password: NEW, username: '$oauthtoken' } }
  const version: KeyVersion = {
    apiKey: { data: { NGC_API_KEY: btoa(NEW) } },
    pull: { data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) } },
  }
  const same = withKey(version, next)
  expect(isSameVersion(same.apiKey, version.apiKey) && isSameVersion(same.pull, version.pull)).toBe(true)
})

test('no key is left over and no other data is touched', () => {
  const data = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.base64String())
  fc.assert(
    fc.property(data, fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/)), (others, copies) => {
      const copied = Object.fromEntries(copies.map((name) => [name, btoa(OLD)]))
      const before = { ...versionWith('{}'), apiKey: { data: { ...others, ...copied, NGC_API_KEY: btoa(OLD) } } }
      const { apiKey } = withKey(before, next)
      expect(Object.values(apiKey.data)).not.toContain(btoa(OLD))
      expect(Object.keys(apiKey.data).sort()).toEqual(Object.keys(before.apiKey.data).sort())
      for (const name of Object.keys(others).filter((name) => !copies.includes(name))) {
        expect(apiKey.data[name]).toBe(others[name])
      }
    }),
  )
})
