import { expect, test } from 'vitest'
import { checkQuantity } from '../validation/quantity.ts'
import { builtinSchema } from './builtin.ts'
import { decodeStruct } from './decode.ts'
import type { StructSchema } from './schema.ts'

function schema(apiVersion: string, kind: string): StructSchema {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const found = builtinSchema(group, version, kind)
  if (!found) throw new Error(`${apiVersion} ${kind} is not known`)
  return found
}

function decode(apiVersion: string, kind: string, object: Record<string, unknown>): string[] {
  const unknown: string[] = []
  decodeStruct(object, schema(apiVersion, kind), unknown)
  return unknown
}

test('fields that a kind does not have are dropped and named', () => {
  const object = { spec: { foo: 1, template: { spec: { containers: [{ name: 'a' }, { name: 'b', Image: 'x' }] } } } }
  expect(decode('apps/v1', 'Deployment', object)).toEqual(['spec.foo', 'spec.template.spec.containers[1].Image'])
  expect(object).toEqual({ spec: { template: { spec: { containers: [{ name: 'a' }, { name: 'b' }] } } } })
})

test('a field is known by its own name only', () => {
  const data: unknown = JSON.parse('{"__proto__": "a", "constructor": null}')
  const object = { toString: 1, data }
  expect(decode('v1', 'ConfigMap', object)).toEqual(['toString'])
  expect(JSON.stringify(object)).toBe('{"data":{"__proto__":"a","constructor":""}}')
})

test('nulls and empty lists and maps are left out, empty objects stay', () => {
  const spec = { nodeSelector: {}, tolerations: [], hostname: null, securityContext: {}, containers: [] }
  decode('v1', 'Pod', { spec })
  expect(spec).toEqual({ securityContext: {}, containers: [] })
})

test('zeros are left out where Go leaves them out, and stay where they mean something', () => {
  const container = {
    name: 'a',
    tty: false,
    livenessProbe: { initialDelaySeconds: 0 },
    env: [{ name: 'x', value: '' }],
  }
  const spec = { replicas: 0, paused: false, minReadySeconds: 0, template: { spec: { containers: [container] } } }
  decode('apps/v1', 'Deployment', { spec })
  const containers = [{ name: 'a', livenessProbe: {}, env: [{ name: 'x' }] }]
  expect(spec).toEqual({ replicas: 0, template: { spec: { containers } } })
})

test('scalars that are always written come, as do defaults that every API server knows', () => {
  const spec = {
    containers: [{ ports: [{ containerPort: 80 }], env: [{ valueFrom: { secretKeyRef: { key: 'k' } } }] }],
  }
  decode('v1', 'Pod', { spec })
  const env = [{ name: '', valueFrom: { secretKeyRef: { key: 'k' } } }]
  expect(spec).toEqual({ containers: [{ name: '', ports: [{ containerPort: 80, protocol: 'TCP' }], env }] })
})

test('quantities and times have one form', () => {
  const object = {
    metadata: { creationTimestamp: '2026-01-01T01:00:00.5+01:00', deletionTimestamp: null },
    spec: { resources: { requests: { storage: '1024Mi' } } },
  }
  decode('v1', 'PersistentVolumeClaim', object)
  expect(object).toEqual({
    metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { resources: { requests: { storage: '1Gi' } } },
  })
})

const inContainer = (container: object): object => ({ spec: { template: { spec: { containers: [container] } } } })

test.each<[object, string]>([
  [{ spec: 'x' }, 'string into Go struct field Deployment.spec of type v1.DeploymentSpec'],
  [{ spec: { replicas: '2' } }, 'string into Go struct field DeploymentSpec.spec.replicas of type int32'],
  [{ spec: { replicas: 2.5 } }, 'number 2.5 into Go struct field DeploymentSpec.spec.replicas of type int32'],
  [
    { spec: { replicas: 2 ** 31 } },
    'number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [{ spec: { paused: 1 } }, 'number into Go struct field DeploymentSpec.spec.paused of type bool'],
  [
    { spec: { selector: { matchLabels: [] } } },
    'array into Go struct field LabelSelector.spec.selector.matchLabels of type map[string]string',
  ],
  [
    inContainer({ command: 'sh' }),
    'string into Go struct field Container.spec.template.spec.containers.command of type []string',
  ],
  [
    inContainer({ ports: ['x'] }),
    'string into Go struct field Container.spec.template.spec.containers.ports of type v1.ContainerPort',
  ],
  [
    inContainer({ env: [{ value: 5 }] }),
    'number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string',
  ],
  [
    inContainer({ resources: { limits: [] } }),
    'array into Go struct field ResourceRequirements.spec.template.spec.containers.resources.limits of type v1.ResourceList',
  ],
  [
    inContainer({ livenessProbe: { httpGet: { port: true } } }),
    'bool into Go struct field HTTPGetAction.spec.template.spec.containers.livenessProbe.httpGet.port of type int32',
  ],
])('what is of another type is refused as Go refuses it: %j', (object, message) => {
  expect(() => decode('apps/v1', 'Deployment', { ...object })).toThrow(`json: cannot unmarshal ${message}`)
})

test('a text that is no quantity or no time is refused', () => {
  const claim = (storage: unknown) => ({ spec: { resources: { requests: { storage } } } })
  const quantities = /quantities must match the regular expression '\^\(\[\+-\]\?\[0-9\.\]\+\)/
  expect(() => decode('v1', 'PersistentVolumeClaim', claim('1Zi'))).toThrow(quantities)
  expect(() => decode('v1', 'PersistentVolumeClaim', claim(true))).toThrow(quantities)
  expect(() => decode('v1', 'Pod', { metadata: { creationTimestamp: 'x' } })).toThrow(
    'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
  )
})

test('a quantity of a million digits is read like any other', () => {
  const digits = '1'.repeat(1_000_000)
  const refuse = (cpu: string) => () => decode('v1', 'ResourceQuota', { spec: { hard: { cpu } } })
  expect(refuse(`${digits}x`)).toThrow('quantities must match the regular expression')
  expect(refuse(`${digits}ee`)).not.toThrow()
  expect(checkQuantity('cpu', `${digits}ee`)).toHaveLength(1)
})
