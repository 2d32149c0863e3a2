import type { EndpointSlice, Service } from '@nexus/kube'
import { expect, test } from 'vitest'
import { assembleAddressMap } from './assemble-address-map.ts'

function service(name: string, spec: Service['spec'], namespace = 'demo'): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec }
}

function slice(name: string, fields: Pick<EndpointSlice, 'endpoints' | 'ports'>, namespace = 'demo'): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-abc`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ...fields,
  }
}

const podSockets = new Map([
  ['10.244.0.2', new Map([[8000, 41001]])],
  ['10.244.0.3', new Map([[8000, 41002]])],
])
const endpoints = [
  { addresses: ['10.244.0.2'], conditions: { ready: true } },
  { addresses: ['10.244.0.3'], conditions: { ready: false } },
]

test('a Service leads to its ready endpoints by target port', () => {
  const map = assembleAddressMap({
    services: [service('llama', { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80 }] })],
    slices: [slice('llama', { endpoints, ports: [{ name: 'http', port: 8000 }] })],
    podSockets,
  })
  expect(map).toEqual({
    sockets: { '10.244.0.2:8000': [41001], '10.244.0.3:8000': [41002], '10.96.0.7:80': [41001] },
    names: { 'llama.demo': ['10.96.0.7'] },
  })
})

test('slices of several Services of one name keep to their namespace', () => {
  const map = assembleAddressMap({
    services: [service('llama', { clusterIP: '10.96.0.7', ports: [{ port: 80 }] })],
    slices: [slice('llama', { endpoints, ports: [{ port: 8000 }] }, 'other')],
    podSockets,
  })
  expect(map.sockets['10.96.0.7:80']).toEqual([])
})

test('a headless Service is its ready pods', () => {
  const map = assembleAddressMap({
    services: [service('peers', { clusterIP: 'None', ports: [{ port: 8000 }] })],
    slices: [slice('peers', { endpoints, ports: [{ port: 8000 }] })],
    podSockets,
  })
  expect(map.names).toEqual({ 'peers.demo': ['10.244.0.2'] })
})

test('an endpoint that does not say whether it is ready is ready', () => {
  const map = assembleAddressMap({
    services: [service('llama', { clusterIP: '10.96.0.7', ports: [{ port: 80 }] })],
    slices: [slice('llama', { endpoints: [{ addresses: ['10.244.0.3'] }], ports: [{ name: '', port: 8000 }] })],
    podSockets,
  })
  expect(map.sockets['10.96.0.7:80']).toEqual([41002])
})

test('the kubernetes Service leads to the API server', () => {
  const map = assembleAddressMap({
    services: [service('kubernetes', { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] }, 'default')],
    slices: [],
    podSockets: new Map(),
    apiPort: 16443,
  })
  expect(map).toEqual({ sockets: { '10.96.0.1:443': [16443] }, names: { 'kubernetes.default': ['10.96.0.1'] } })
})
