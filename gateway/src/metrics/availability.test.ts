import { expect, test } from 'vitest'
import { deploymentOf, endpointOf, snapshotOf, type EndpointState } from '../routing/testing/states.ts'
import { settingsOf } from '../upstreams/testing/registry.ts'
import { readAvailability } from './availability.ts'

test('an upstream without any endpoint has 0, and one that is meant to have none has no reading', () => {
  const snapshot = snapshotOf(
    {
      upstreams: [
        { name: 'static', url: 'http://static' },
        { name: 'service', service: { namespace: 'gpu', name: 'vllm', port: 8000 } },
      ],
    },
    [
      deploymentOf('demo/llama', { servers: ['http://10.0.0.1', 'http://10.0.0.2'] }),
      deploymentOf('demo/starting', { ready: false }),
      deploymentOf('demo/stopped', { ready: false, stopped: true }),
    ],
  )
  expect(readAvailability(snapshot)).toEqual([
    [['static'], 1],
    [['service'], 0],
    [['demo/llama'], 2],
    [['demo/starting'], 0],
  ])
})

test.each<[string, EndpointState, number]>([
  ['takes calls', {}, 1],
  ['is full, so that calls wait for it', { refusal: 'full' }, 1],
  ['has an open breaker', { refusal: 'open' }, 0],
  ['asked for a pause', { refusal: 'cooldown' }, 0],
])('an endpoint that %s', (_name, state, expected) => {
  const pool = {
    upstream: 'worker',
    settings: settingsOf(),
    endpoints: [endpointOf('worker', 'http://a', settingsOf(), state)],
  }
  const upstreams = new Map([['worker', pool]])
  expect(readAvailability({ ...snapshotOf({}), upstreams })).toEqual([[['worker'], expected]])
})
