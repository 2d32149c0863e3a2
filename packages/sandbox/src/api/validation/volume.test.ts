import { expect, test } from 'vitest'
import { validateVolume } from './volume.ts'

/** As kubectl prints them: `field: message`. */
function causesOf(volume: object): string[] {
  return validateVolume('spec.volumes[0]', { name: 'v', ...volume }).map(({ field, message }) => `${field}: ${message}`)
}

const at = 'spec.volumes[0]'

// The words are those of kube-apiserver 1.34.
test.each([
  [
    'paths that lead out of the volume',
    {
      configMap: {
        name: 'c',
        items: [
          { key: 'a', path: '../../x' },
          { key: 'b', path: '/x' },
          { key: 'c', path: '..x' },
        ],
      },
    },
    [
      `${at}.configMap.items[0].path: Invalid value: "../../x": must not contain '..'`,
      `${at}.configMap.items[1].path: Invalid value: "/x": must be a relative path`,
      `${at}.configMap.items[2].path: Invalid value: "..x": must not start with '..'`,
    ],
  ],
  [
    'an item without key and path',
    { secret: { secretName: 's', items: [{ key: '', path: '' }] } },
    [`${at}.secret.items[0].key: Required value`, `${at}.secret.items[0].path: Required value`],
  ],
  [
    'modes that are none',
    { configMap: { name: 'c', defaultMode: -1, items: [{ key: 'a', path: 'a', mode: 9999 }] } },
    [
      `${at}.configMap.defaultMode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive`,
      `${at}.configMap.items[0].mode: Invalid value: 9999: must be a number between 0 and 0777 (octal), both inclusive`,
    ],
  ],
  [
    'a token that lives too short',
    { projected: { sources: [{ serviceAccountToken: { path: '../x', expirationSeconds: 5 } }] } },
    [
      `${at}.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes`,
      `${at}.projected.path: Invalid value: "../x": must not contain '..'`,
    ],
  ],
  [
    'projections',
    {
      projected: {
        sources: [
          { configMap: { items: [{ key: 'a', path: '../x' }] } },
          { downwardAPI: { items: [{ path: '..x' }] } },
        ],
      },
    },
    [
      `${at}.projected.sources[0].configMap.name: Required value`,
      `${at}.projected.sources[0].configMap.items[0].path: Invalid value: "../x": must not contain '..'`,
      `${at}.projected.sources[1].downwardAPI.path: Invalid value: "..x": must not start with '..'`,
    ],
  ],
  [
    'two sources',
    { emptyDir: {}, secret: { secretName: 's' } },
    [`${at}.secret: Forbidden: may not specify more than 1 volume type`],
  ],
  ['a claim without a name', { persistentVolumeClaim: {} }, [`${at}.persistentVolumeClaim.claimName: Required value`]],
])('refuses %s', (_, volume, causes) => {
  expect(causesOf(volume)).toEqual(causes)
})

test('takes what Kubernetes adds for a ServiceAccount', () => {
  const sources = [
    { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
  ]
  expect(causesOf({ projected: { sources, defaultMode: 420 } })).toEqual([])
})
