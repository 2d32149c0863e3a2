import { expect, test } from 'vitest'
import { parseNIMService } from './nim-services.ts'

const nimService = (status: object | undefined, metadata: object = {}): object => ({
  metadata: { name: 'llama', namespace: 'demo', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
  ...(status === undefined ? {} : { status }),
})

const ready = (clusterEndpoint: string): object => ({
  state: 'Ready',
  model: { name: 'meta/llama', clusterEndpoint, externalEndpoint: '' },
})

test('reads a NIMService that is ready', () => {
  expect(parseNIMService(nimService(ready('10.96.0.7:8000')))).toEqual({
    project: 'demo',
    name: 'llama',
    url: 'http://10.96.0.7:8000',
    service: 'llama',
    ready: true,
    stopped: false,
    created: 1_767_225_600,
  })
})

test.each([
  ['a URL', 'http://llama-predictor.demo.svc.cluster.local/', 'http://llama-predictor.demo.svc.cluster.local'],
  ['a name and a port', 'llama.demo.svc:8000', 'http://llama.demo.svc:8000'],
  ['nothing', '', ''],
  ['no address', '::', ''],
])('reads an endpoint that is %s', (_name, endpoint, url) => {
  expect(parseNIMService(nimService(ready(endpoint)))).toMatchObject({ url, ready: url !== '' })
})

test.each([
  ['has no status', nimService(undefined)],
  ['is not ready', nimService({ ...ready('10.96.0.7:8000'), state: 'NotReady' })],
  ['has no endpoint', nimService({ state: 'Ready', model: null })],
  ['is being deleted', nimService(ready('10.96.0.7:8000'), { deletionTimestamp: '2026-01-02T00:00:00Z' })],
])('takes no requests for one that %s', (_name, object) => {
  expect(parseNIMService(object)).toMatchObject({ ready: false })
})

test.each([
  ['scaled to nothing', { ...nimService({ state: 'NotReady' }), spec: { replicas: 0 } }, true],
  ['being deleted', nimService(undefined, { deletionTimestamp: '2026-01-02T00:00:00Z' }), true],
  ['starting', { ...nimService({ state: 'NotReady' }), spec: { replicas: 1 } }, false],
])('knows whether one that is %s is meant to take no requests', (_name, object, stopped) => {
  expect(parseNIMService(object)?.stopped).toBe(stopped)
})

test('passes over what is no NIMService', () => {
  expect(parseNIMService({ metadata: {} })).toBeUndefined()
})
