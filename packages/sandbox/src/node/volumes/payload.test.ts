import type { ConfigMap, Secret, VolumeProjection } from '@nexus/kube'
import { expect, test } from 'vitest'
import { assemblePayload } from './payload.ts'
import type { PayloadSources } from './payload.ts'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'keys' },
  data: { password: base64('s3cret') },
}
const configMap: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { mode: 'fast' },
  binaryData: { image: base64('\u0000\u0001') },
}
const from: PayloadSources = {
  pod: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'llama', namespace: 'demo', labels: { tier: 'a "b"', app: 'llama' } },
    spec: { containers: [{ name: 'main', resources: { requests: { memory: '1Gi' } } }] },
  },
  podIP: '10.244.0.2',
  hostIP: '127.0.0.1',
  allocatable: { cpu: '64' },
  secret: (name) => (name === 'keys' ? secret : undefined),
  configMap: (name) => (name === 'settings' ? configMap : undefined),
  token: ({ audience }) => `token for ${audience}`,
}

function filesOf(...sources: VolumeProjection[]): Record<string, string> {
  const files = [...assemblePayload(sources, from)]
  return Object.fromEntries(files.map(([path, { content }]) => [path, Buffer.from(content).toString()]))
}

test.each<[string, VolumeProjection, Record<string, string>]>([
  ['a Secret', { secret: { name: 'keys' } }, { password: 's3cret' }],
  ['a ConfigMap with binary data', { configMap: { name: 'settings' } }, { mode: 'fast', image: '\u0000\u0001' }],
  [
    'chosen keys at their paths',
    { configMap: { name: 'settings', items: [{ key: 'mode', path: 'a/b' }] } },
    { 'a/b': 'fast' },
  ],
  ['an optional Secret that is not there', { secret: { name: 'none', optional: true } }, {}],
  [
    'an optional key that is not there',
    { secret: { name: 'keys', optional: true, items: [{ key: 'none', path: 'none' }] } },
    {},
  ],
  ['a token', { serviceAccountToken: { path: 'token', audience: 'vault' } }, { token: 'token for vault' }],
  [
    'labels, by key and quoted',
    { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    { labels: 'app="llama"\ntier="a \\"b\\""' },
  ],
  [
    'resources of a container',
    {
      downwardAPI: {
        items: [
          { path: 'memory', resourceFieldRef: { containerName: 'main', resource: 'requests.memory', divisor: '1Mi' } },
          { path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } },
        ],
      },
    },
    { memory: '1024', cpu: '64' },
  ],
])('the files of %s', (_, source, files) => {
  expect(filesOf(source)).toEqual(files)
})

test('later sources win, and each file has its mode', () => {
  const sources: VolumeProjection[] = [
    { configMap: { name: 'settings', items: [{ key: 'mode', path: 'x', mode: 0o755 }] } },
    { secret: { name: 'keys', items: [{ key: 'password', path: 'y' }] } },
    { serviceAccountToken: { path: 'token' } },
  ]
  const modes = [...assemblePayload(sources, from, 0o440)].map(([path, { mode }]) => [path, mode])
  expect(modes).toEqual([
    ['x', 0o755],
    ['y', 0o440],
    ['token', 0o600],
  ])
})

test.each<[VolumeProjection, string]>([
  [{ secret: { name: 'none' } }, 'secret "none" not found'],
  [{ configMap: { name: 'none' } }, 'configmap "none" not found'],
  [{ secret: { name: 'keys', items: [{ key: 'none', path: 'x' }] } }, 'references non-existent secret key: none'],
  [
    { configMap: { name: 'settings', items: [{ key: 'none', path: 'x' }] } },
    'configmap references non-existent config key: none',
  ],
  [{ configMap: { name: 'settings', items: [{ key: 'mode', path: '/etc/passwd' }] } }, 'must be relative path'],
  [{ configMap: { name: 'settings', items: [{ key: 'mode', path: 'a/../../x' }] } }, "must not contain '..'"],
  [{ configMap: { name: 'settings', items: [{ key: 'mode', path: '..data' }] } }, "must not start with '..'"],
])('%j is refused: %s', (source, message) => {
  expect(() => filesOf(source)).toThrow(message)
})
