import type { Pod, Service } from '@nexus/kube'
import { expect, test } from 'vitest'
import { assembleEndpointSlice } from './endpointslice.ts'

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'llm', namespace: 'demo', uid: 'service-uid', labels: { app: 'llm' } },
  spec: { selector: { app: 'llm' }, ports: [{ port: 80, targetPort: 8000 }] },
}

function pod(name: string, change: { status?: Pod['status']; deletionTimestamp?: string } = {}): Pod {
  const { deletionTimestamp } = change
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'demo', uid: `${name}-uid`, ...(deletionTimestamp && { deletionTimestamp }) },
    spec: { nodeName: 'n1', containers: [{ name: 'a', ports: [{ name: 'http', containerPort: 8001 }] }] },
    status: { podIP: '10.244.0.2', conditions: [{ type: 'Ready', status: 'True' }], ...change.status },
  }
}

test('a slice lists the pods that have an address, by name', () => {
  const pods = [pod('b'), pod('a'), pod('ended', { status: { phase: 'Failed' } })]
  const slice = assembleEndpointSlice(service, pods)
  expect(slice.metadata.name).toMatch(/^llm-[a-z0-9]{5}$/)
  expect(slice.metadata.labels).toMatchObject({ 'kubernetes.io/service-name': 'llm', app: 'llm' })
  expect(slice.endpoints.map(({ targetRef }) => targetRef?.name)).toEqual(['a', 'b'])
  expect(slice.ports).toEqual([{ name: '', port: 8000, protocol: 'TCP' }])
})

test.each([
  ['ready', pod('a'), { ready: true, serving: true, terminating: false }],
  ['not ready', pod('a', { status: { conditions: [] } }), { ready: false, serving: false, terminating: false }],
  ['on its way out', pod('a', { deletionTimestamp: 'now' }), { ready: false, serving: true, terminating: true }],
])('conditions of a pod that is %s', (_name, one, conditions) => {
  expect(assembleEndpointSlice(service, [one]).endpoints[0]?.conditions).toEqual(conditions)
})

test('a Service may publish pods that are not ready', () => {
  const early = { ...service, spec: { ...service.spec, publishNotReadyAddresses: true } }
  const [endpoint] = assembleEndpointSlice(early, [pod('a', { status: { conditions: [] } })]).endpoints
  expect(endpoint?.conditions?.ready).toBe(true)
})

test.each([
  ['of the Service', 'llm', 'llm-0'],
  ['of another Service', 'other', undefined],
])('a pod with a name in the domain %s', (_domain, subdomain, hostname) => {
  const member = pod('llm-0')
  const slice = assembleEndpointSlice(service, [{ ...member, spec: { ...member.spec, hostname: 'llm-0', subdomain } }])
  expect(slice.endpoints[0]?.hostname).toBe(hostname)
})

test('a port given by name is that of the pods', () => {
  const named = { ...service, spec: { ...service.spec, ports: [{ name: 'web', port: 80, targetPort: 'http' }] } }
  expect(assembleEndpointSlice(named, [pod('a')]).ports).toEqual([{ name: 'web', port: 8001, protocol: 'TCP' }])
  expect(assembleEndpointSlice(named, []).ports).toEqual([])
})
