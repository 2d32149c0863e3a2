import { expect, test } from 'vitest'
import { resolveModel } from '../routing/resolve.ts'
import { callerOf, deploymentOf, snapshotOf } from '../routing/testing/states.ts'
import { liveLabelsOf } from './live-labels.ts'

const SNAPSHOT = snapshotOf(
  {
    upstreams: [
      { name: 'vllm', url: 'http://vllm' },
      { name: 'worker', url: 'http://worker' },
    ],
    defaultUpstream: 'worker',
    models: [
      { id: 'chat', aliases: ['gpt-4o'], route: { strategy: 'direct', target: 'vllm' } },
      { id: 'found', fallback: { models: ['chat'] } },
    ],
  },
  [
    deploymentOf('demo/llama', { models: [{ id: 'meta/llama' }, { id: 'adapter', base: 'meta/llama' }] }),
    deploymentOf('demo/silent', { models: [] }),
    deploymentOf('demo/starting', { ready: false, models: undefined }),
    deploymentOf('demo/stopped', { ready: false, stopped: true, models: [{ id: 'meta/old' }] }),
  ],
)

test.each([
  ['chat', 'chat'],
  ['gpt-4o', 'chat'],
  ['found', 'found'],
  ['meta/llama', 'meta/llama'],
  ['adapter', 'adapter'],
  ['demo/llama', 'meta/llama'],
  ['demo/silent', 'silent'],
  ['demo/starting', 'starting'],
  ['demo/stopped', 'meta/old'],
  ['vllm', 'vllm'],
  ['whatever-a-client-wrote', 'other'],
])('a request for %s counts as the model %s, which is not gone', (name, label) => {
  expect(resolveModel(name, callerOf(['demo']), SNAPSHOT).label).toBe(label)
  const live = liveLabelsOf(SNAPSHOT)
  for (const named of ['model', 'from_model', 'to_model']) expect(live.get(named)).toContain(label)
})

test('every upstream with endpoints is live, and what nobody configured or found is not', () => {
  const live = liveLabelsOf(SNAPSHOT)
  expect(SNAPSHOT.endpoints.map(({ upstream }) => upstream).filter((name) => !live.get('upstream')?.has(name))).toEqual(
    [],
  )
  expect(live.get('upstream')).not.toContain('demo/gone')
  expect(live.get('model')).not.toContain('whatever-a-client-wrote')
})
