import { expect, test } from 'vitest'
import { addressesOf, parseEndpointSlice, type EndpointSlice } from './endpoint-slices.ts'

const LABELS = { 'kubernetes.io/service-name': 'llama' }

interface SliceChanges {
  readonly name?: string
  readonly addressType?: string
  readonly ports?: unknown
}

/** A slice of Service `llama` as the API server writes it. */
function sliceOf(endpoints: unknown, { name = 'llama-1', ...changes }: SliceChanges = {}): EndpointSlice {
  const metadata = { name, namespace: 'demo', labels: LABELS }
  const ports = [{ name: 'http', port: 8000, protocol: 'TCP' }]
  const slice = parseEndpointSlice({ metadata, addressType: 'IPv4', endpoints, ports, ...changes })
  if (slice === undefined) throw new Error('the slice was not read')
  return slice
}

const pod = (address: string, conditions: object = {}, name = `pod-${address}`): object => ({
  addresses: [address],
  conditions: { ready: true, serving: true, terminating: false, ...conditions },
  targetRef: { kind: 'Pod', name },
})

test('lists the servers that are ready, by address and port', () => {
  const slice = sliceOf([
    pod('10.0.0.2'),
    pod('10.0.0.1'),
    pod('10.0.0.3', { ready: false, serving: false }),
    pod('10.0.0.4', { ready: false, serving: true, terminating: true }),
  ])
  expect(addressesOf([slice], 'http')).toEqual(['http://10.0.0.1:8000', 'http://10.0.0.2:8000'])
})

test('takes unset conditions for ready', () => {
  const slice = sliceOf([{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'], conditions: {} }])
  expect(addressesOf([slice], 'http')).toEqual(['http://10.0.0.1:8000', 'http://10.0.0.2:8000'])
})

test('uses those on their way out while nobody is ready, if they still answer', () => {
  const slice = sliceOf([
    pod('10.0.0.1', { ready: false, serving: true, terminating: true }),
    pod('10.0.0.2', { ready: false, serving: false, terminating: true }),
    pod('10.0.0.3', { ready: false, serving: false }),
  ])
  expect(addressesOf([slice], 'http')).toEqual(['http://10.0.0.1:8000'])
})

test('uses the first of several addresses of one endpoint', () => {
  expect(addressesOf([sliceOf([{ addresses: ['10.0.0.1', '10.0.0.2'] }])], 'http')).toEqual(['http://10.0.0.1:8000'])
})

test('joins slices, and counts a server that is in two of them once', () => {
  const slices = [
    sliceOf([pod('10.0.0.1'), pod('10.0.0.2')]),
    sliceOf([pod('10.0.0.2'), pod('10.0.0.3')], { name: 'llama-2' }),
  ]
  expect(addressesOf(slices, 'http')).toEqual(['http://10.0.0.1:8000', 'http://10.0.0.2:8000', 'http://10.0.0.3:8000'])
})

test('writes IPv6 in brackets', () => {
  const slice = sliceOf([pod('fd00::1')], { addressType: 'IPv6' })
  expect(addressesOf([slice], 'http')).toEqual(['http://[fd00::1]:8000'])
})

test.each([['IPv4 first'], ['IPv6 first']])('counts a pod with addresses of both families once, %s', (order) => {
  const slices = [
    sliceOf([pod('10.0.0.1', {}, 'a'), pod('10.0.0.2', {}, 'b')]),
    sliceOf([pod('fd00::1', {}, 'a'), pod('fd00::3', {}, 'c')], { name: 'llama-v6', addressType: 'IPv6' }),
  ]
  const given = order === 'IPv4 first' ? slices : slices.toReversed()
  expect(addressesOf(given, 'http')).toEqual(['http://10.0.0.1:8000', 'http://10.0.0.2:8000', 'http://[fd00::3]:8000'])
})

const several = [
  { name: 'grpc', port: 50051, protocol: 'TCP' },
  { name: 'http', port: 8000, protocol: 'TCP' },
  { name: 'http', port: 8443, protocol: 'UDP' },
  { name: 'metrics', port: 9090, protocol: 'TCP' },
]

test.each([
  ['a name', several, 'metrics', 9090],
  ['a number', several, 50051, 50051],
  ['a name among ports of other protocols', several, 'http', 8000],
  ['a name that is not there', several, 'https', undefined],
  ['a number that is not there', several, 80, undefined],
  ['nothing: the one for HTTP', several, undefined, 8000],
  [
    'nothing: the one of the NIM operator',
    [
      { name: 'grpc', port: 1 },
      { name: 'api', port: 2 },
    ],
    undefined,
    2,
  ],
  [
    'nothing: one that looks like HTTP',
    [
      { name: 'grpc', port: 1 },
      { name: 'http1', port: 2 },
    ],
    undefined,
    2,
  ],
  [
    'nothing: the first',
    [
      { name: 'a', port: 1 },
      { name: 'b', port: 2 },
    ],
    undefined,
    1,
  ],
  ['any name, where there is one port without a name', [{ port: 8000 }], 'http', 8000],
  ["the Service's own number, where there is one port", [{ name: '', port: 8000 }], 80, 8000],
  ['a name, where there are no ports', null, 'http', undefined],
])('finds the port by %s', (_name, ports, wanted, expected) => {
  const addresses = addressesOf([sliceOf([pod('10.0.0.1')], { ports })], wanted)
  expect(addresses).toEqual(expected === undefined ? [] : [`http://10.0.0.1:${expected}`])
})

test.each([
  ['has no labels', { metadata: { name: 's', namespace: 'demo' }, addressType: 'IPv4', endpoints: [] }],
  ['is of another Service type', { metadata: { name: 's', namespace: 'd', labels: {} }, addressType: 'IPv4' }],
  ['lists host names', { metadata: { name: 's', namespace: 'd', labels: LABELS }, addressType: 'FQDN', endpoints: [] }],
  ['is a number', 7],
])('passes over an object that %s', (_name, object) => {
  expect(parseEndpointSlice(object)).toBeUndefined()
})

test('reads a slice without endpoints', () => {
  expect(addressesOf([sliceOf(null)], 'http')).toEqual([])
})
