import { expect, test } from 'vitest'
import { resolveName, route } from './address-map.ts'
import type { AddressMap } from './address-map.ts'

const map: AddressMap = {
  sockets: {
    '10.96.0.7:80': [41001, 41002],
    '10.244.0.2:8000': [41001],
    '10.244.0.3:8000': [41002],
    '10.96.0.8:80': [],
  },
  names: {
    'llama.demo': ['10.96.0.7'],
    'empty.demo': ['10.96.0.8'],
    'peers.demo': ['10.244.0.2', '10.244.0.3'],
    'peer-0.peers.demo': ['10.244.0.2'],
    'alone.demo': [],
  },
}

test.each([
  ['llama', ['10.96.0.7']],
  ['LLAMA.demo', ['10.96.0.7']],
  ['llama.demo.svc', ['10.96.0.7']],
  ['llama.demo.svc.cluster.local', ['10.96.0.7']],
  ['llama.demo.svc.cluster.local.', ['10.96.0.7']],
  ['peers', ['10.244.0.2', '10.244.0.3']],
  ['peer-0.peers', ['10.244.0.2']],
  ['peer-0.peers.demo.svc.cluster.local', ['10.244.0.2']],
  ['10.244.9.9', ['10.244.9.9']],
])('%s is in the cluster at %j', (host, addresses) => {
  expect(resolveName(map, host, 'demo')).toEqual({ type: 'addresses', addresses })
})

test.each([
  ['llama', 'other', 'outside'],
  ['example.com', 'demo', 'outside'],
  ['localhost', 'demo', 'outside'],
  ['127.0.0.1', 'demo', 'outside'],
  ['10.97.0.1', 'demo', 'outside'],
  ['10.96.evil.example', 'demo', 'outside'],
  ['gone.demo.svc', 'demo', 'unknown'],
  ['gone.demo.svc.cluster.local', 'demo', 'unknown'],
  ['alone', 'demo', 'unknown'],
])('%s seen from namespace %s is %s', (host, namespace, type) => {
  expect(resolveName(map, host, namespace)).toEqual({ type })
})

test.each([
  ['a Service leads to its ready endpoints', 'llama', 80, { type: 'sockets', ports: [41001, 41002] }],
  ['a headless Service leads to its pods', 'peers', 8000, { type: 'sockets', ports: [41001, 41002] }],
  ['a pod address leads to the pod', '10.244.0.3', 8000, { type: 'sockets', ports: [41002] }],
  ['a Service without ready endpoints refuses', 'empty', 80, { type: 'refused', address: '10.96.0.8' }],
  ['a port that no Service has refuses', 'llama', 81, { type: 'refused', address: '10.96.0.7' }],
  ['an address that nobody has refuses', '10.244.1.1', 80, { type: 'refused', address: '10.244.1.1' }],
  ['other hosts are left alone', 'example.com', 80, { type: 'outside' }],
])('%s', (_, host, port, expected) => {
  expect(route(map, { host, port }, 'demo')).toEqual(expected)
})

test('on loopback a pod finds its own ports, and leaves those of the machine alone', () => {
  const own = (host: string, port: number): object => route(map, { host, port }, 'demo', '10.244.0.3')
  expect(own('localhost', 8000)).toEqual({ type: 'sockets', ports: [41002] })
  expect(own('127.0.0.1', 8000)).toEqual({ type: 'sockets', ports: [41002] })
  expect(own('127.0.0.1', 16_443)).toEqual({ type: 'outside' })
  expect(route(map, { host: 'localhost', port: 8000 }, 'demo')).toEqual({ type: 'outside' })
})
