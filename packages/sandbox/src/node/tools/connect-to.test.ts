import { expect, test } from 'vitest'
import type { AddressMap } from '../network/address-map.ts'
import { connectToArguments } from './connect-to.ts'
import { redisCliArguments } from './redis-cli.ts'

const map: AddressMap = {
  sockets: { '10.96.0.7:80': [41001], '10.96.0.7:6379': [41007], '10.96.0.8:80': [], '10.244.0.2:8000': [41002] },
  names: { 'llama.demo': ['10.96.0.7'], 'empty.demo': ['10.96.0.8'] },
}
const pod = { namespace: 'demo', podIP: '10.244.0.2' }

test.each([
  ['a Service by its short name', ['-s', 'http://llama/health'], ['--connect-to', 'llama:80:127.0.0.1:41001']],
  ['a URL without a scheme', ['llama.demo.svc'], ['--connect-to', 'llama.demo.svc:80:127.0.0.1:41001']],
  ['a port that nobody has', ['http://llama:81'], ['--connect-to', 'llama:81:127.0.0.1:1']],
  ['a Service without endpoints', ['http://empty'], ['--connect-to', 'empty:80:127.0.0.1:1']],
  ['a port of the pod itself', ['http://localhost:8000/'], ['--connect-to', 'localhost:8000:127.0.0.1:41002']],
  ['a host of the world', ['https://example.com'], []],
  ['a name of the cluster that nothing has', ['http://gone.demo.svc'], []],
  ['values of options', ['-H', 'Accept: text/plain', '-d', '{"a": 1}', '-m', '5'], []],
])('curl reaches %s', (_, args, expected) => {
  expect(connectToArguments(args, map, pod)).toEqual(expected)
})

test.each([
  [
    ['-h', 'llama', 'ping'],
    ['-h', '127.0.0.1', '-p', '41007', 'ping'],
  ],
  [
    ['-a', 'pw', '-h', 'llama', '-p', '6379', 'ping'],
    ['-h', '127.0.0.1', '-p', '41007', '-a', 'pw', 'ping'],
  ],
  [
    ['-p', '8000', 'ping'],
    ['-h', '127.0.0.1', '-p', '41002', 'ping'],
  ],
  [['ping'], ['ping']],
])('redis-cli %j connects with %j', (args, expected) => {
  expect(redisCliArguments(args, map, pod)).toEqual(expected)
})
