import type { Container } from '@nexus/kube'
import { expect, test } from 'vitest'
import { assembleEnvironment, ConfigError } from './environment.ts'
import type { EnvironmentSources } from './environment.ts'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

const limits = { cpu: '1500m', memory: '1Gi' }
const sources: EnvironmentSources = {
  pod: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'llama-0', namespace: 'demo', uid: 'u-1', labels: { app: 'llama' } },
    spec: { nodeName: 'node', serviceAccountName: 'default', containers: [{ name: 'main', resources: { limits } }] },
  },
  podIP: '10.244.0.2',
  hostIP: '127.0.0.1',
  allocatable: { cpu: '64', memory: '512Gi' },
  secret: (name) =>
    name === 'key'
      ? {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name },
          data: { NGC_API_KEY: base64('nvapi-test-1'), 'a.b': base64('x') },
        }
      : undefined,
  configMap: (name) =>
    name === 'config'
      ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { MODE: 'fast', NGC_API_KEY: 'none' } }
      : undefined,
}

function environmentOf(container: Omit<Container, 'name'>): Record<string, string> {
  const resources = sources.pod.spec.containers[0]?.resources ?? {}
  return Object.fromEntries(assembleEnvironment({ name: 'main', resources, ...container }, sources))
}

test('later sources win: envFrom in order, then env', () => {
  expect(
    environmentOf({
      envFrom: [{ configMapRef: { name: 'config' } }, { prefix: 'S_', secretRef: { name: 'key' } }],
      env: [{ name: 'MODE', value: 'slow' }],
    }),
  ).toEqual({ MODE: 'slow', NGC_API_KEY: 'none', S_NGC_API_KEY: 'nvapi-test-1', 'S_a.b': 'x' })
})

test.each([
  ['a Secret key', { secretKeyRef: { name: 'key', key: 'NGC_API_KEY' } }, 'nvapi-test-1'],
  ['a ConfigMap key', { configMapKeyRef: { name: 'config', key: 'MODE' } }, 'fast'],
  ['the pod name', { fieldRef: { fieldPath: 'metadata.name' } }, 'llama-0'],
  ['the pod address', { fieldRef: { fieldPath: 'status.podIP' } }, '10.244.0.2'],
  ['a label', { fieldRef: { fieldPath: "metadata.labels['app']" } }, 'llama'],
  ['a limit, rounded up', { resourceFieldRef: { resource: 'limits.cpu' } }, '2'],
  ['a limit in parts', { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } }, '1024'],
  [
    'a limit of another container',
    { resourceFieldRef: { resource: 'limits.cpu', containerName: 'main', divisor: '1m' } },
    '1500',
  ],
])('a variable takes its value from %s', (_, valueFrom, value) => {
  expect(environmentOf({ env: [{ name: 'X', valueFrom }] })).toEqual({ X: value })
})

test('variables expand those before them', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'B', value: '$(A)-$(C)' },
    { name: 'C', value: '$(B)' },
  ]
  expect(environmentOf({ env })).toEqual({ A: '1', B: '1-$(C)', C: '1-$(C)' })
})

test.each([
  [{ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'no', key: 'k' } } }] }, 'secret "no" not found'],
  [
    { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } }] },
    "couldn't find key k in Secret demo/key",
  ],
  [{ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'no', key: 'k' } } }] }, 'configmap "no" not found'],
  [
    { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'config', key: 'k' } } }] },
    "couldn't find key k in ConfigMap demo/config",
  ],
  [{ envFrom: [{ secretRef: { name: 'no' } }] }, 'secret "no" not found'],
  [{ env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } }] }, 'unsupported fieldPath: spec.x'],
])('a reference that leads nowhere is an error: %j', (container, message) => {
  expect(() => environmentOf(container)).toThrow(new ConfigError(message))
})

test('an optional reference that leads nowhere sets nothing', () => {
  expect(
    environmentOf({
      envFrom: [{ secretRef: { name: 'no', optional: true } }],
      env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'config', key: 'k', optional: true } } }],
    }),
  ).toEqual({})
})
