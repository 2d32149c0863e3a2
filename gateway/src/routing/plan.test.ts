import { expect, test } from 'vitest'
import type { Caller } from '../auth/caller.ts'
import { GatewayError } from '../errors.ts'
import { listModels } from './models.ts'
import { planRoute } from './plan.ts'
import type { RoutingSnapshot } from './snapshot.ts'
import { callerOf, deploymentOf, snapshotOf } from './testing/states.ts'

const LLAMA = 'meta/llama-3.1-8b-instruct'
const llama = { models: [{ id: LLAMA }] }

const upstreams = [
  { name: 'worker', url: 'http://worker' },
  { name: 'vllm', url: 'http://vllm' },
]

const snapshot = snapshotOf({ upstreams }, [
  deploymentOf('demo/llama', llama),
  deploymentOf('demo/llama-2', llama),
  deploymentOf('other/llama', llama),
  deploymentOf('other/phi', { models: [{ id: 'microsoft/phi' }, { id: 'my-adapter', base: 'microsoft/phi' }] }),
  deploymentOf('demo/starting', { ready: false, models: undefined }),
  deploymentOf('demo/stopped', { ready: false, models: [{ id: 'nobody/serves-this-now' }] }),
  deploymentOf('demo/unasked', { models: undefined }),
  deploymentOf('demo/bare', { models: [] }),
])

/** Each candidate as its arms: name, addresses and the model to send. */
function planned(model: string, who: Caller, state = snapshot): unknown[][] {
  return planRoute(model, who, state).candidates.map(({ arms }) =>
    arms.map(({ arm }) => [arm.upstream, arm.endpoints.map(({ url }) => url).join(' '), arm.model]),
  )
}

function refusalOf(model: string, who: Caller, state: RoutingSnapshot = snapshot): string {
  try {
    planRoute(model, who, state)
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
  return 'resolved'
}

test('reaches an exact address under the model id that is served there', () => {
  expect(planned('other/phi', callerOf(['other']))).toEqual([[['other/phi', 'http://phi.other', 'microsoft/phi']]])
})

test('names the model like the deployment where the server lists none', () => {
  expect(planned('demo/bare', callerOf(['demo']))).toEqual([[['demo/bare', 'http://bare.demo', 'bare']]])
})

test('pools every deployment of a model id within one project', () => {
  expect(planned(LLAMA, callerOf(['demo']))).toEqual([
    [[`demo/${LLAMA}`, 'http://llama.demo http://llama-2.demo', LLAMA]],
  ])
})

test('knows the endpoints of a pool by their deployments', () => {
  const [candidate] = planRoute(LLAMA, callerOf(['demo']), snapshot).candidates
  expect(candidate?.arms[0]?.arm.endpoints.map(({ upstream }) => upstream)).toEqual(['demo/llama', 'demo/llama-2'])
})

test('reaches the pods of a deployment where they are known', () => {
  const servers = ['http://10.0.0.1:8000', 'http://10.0.0.2:8000']
  const state = snapshotOf({}, [deploymentOf('demo/llama', { servers })])
  expect(planned('llama', callerOf(['demo']), state)).toEqual([[['demo/llama', servers.join(' '), 'llama']]])
})

test('finds an adapter by its own id', () => {
  expect(planned('my-adapter', callerOf(['*']))).toEqual([[['other/phi', 'http://phi.other', 'my-adapter']]])
})

test('refuses a model id that several projects serve and lists the addresses', () => {
  const ask = (): unknown => planRoute(LLAMA, callerOf(['*']), snapshot)
  expect(ask).toThrow(expect.objectContaining({ code: 'ambiguous_model', status: 400 }))
  expect(ask).toThrow('demo/llama, demo/llama-2, other/llama')
})

test('takes a model id from where it is ready, whatever starts elsewhere', () => {
  const state = snapshotOf({}, [deploymentOf('a/m', { ready: false }), deploymentOf('b/m')])
  expect(planned('llama', callerOf(['*']), state)).toEqual([[['b/m', 'http://m.b', 'llama']]])
})

test('prefers an exact address to an equal model id', () => {
  const state = snapshotOf({}, [
    deploymentOf('meta/llama', { models: [{ id: 'x' }] }),
    deploymentOf('demo/other', { models: [{ id: 'meta/llama' }] }),
  ])
  expect(planned('meta/llama', callerOf(['*']), state)).toEqual([[['meta/llama', 'http://llama.meta', 'x']]])
  expect(planned('meta/llama', callerOf(['demo']), state)).toEqual([
    [['demo/other', 'http://other.demo', 'meta/llama']],
  ])
})

test.each([
  ['an address in a project the key may not use', 'other/phi', callerOf(['demo']), 'model_not_found'],
  ['an id in a project the key may not use', 'microsoft/phi', callerOf(['demo']), 'model_not_found'],
  ['any deployment, for a key without projects', 'demo/llama', callerOf([]), 'model_not_found'],
  ['an unknown model', 'gpt-9', callerOf(['*']), 'model_not_found'],
  ['a deployment that is starting', 'demo/starting', callerOf(['demo']), 'no_healthy_upstream'],
  ['a deployment whose models are not known yet', 'demo/unasked', callerOf(['demo']), 'no_healthy_upstream'],
  ['an id whose only deployment is down', 'nobody/serves-this-now', callerOf(['demo']), 'no_healthy_upstream'],
  ['an id whose only deployment is down, elsewhere', 'nobody/serves-this-now', callerOf(['other']), 'model_not_found'],
])('refuses %s', (_name, model, who, code) => {
  expect(refusalOf(model, who)).toBe(code)
})

test('sends the model on unchanged to a static upstream of that name, or to the default', () => {
  const state = snapshotOf({ upstreams, defaultUpstream: 'worker' })
  expect(planned('vllm', callerOf([]), state)).toEqual([[['vllm', 'http://vllm', 'vllm']]])
  expect(planned('mock-worker', callerOf([]), state)).toEqual([[['worker', 'http://worker', 'mock-worker']]])
})

test('gives metrics no label that a client made up', () => {
  const state = snapshotOf({ upstreams, defaultUpstream: 'worker', models: [{ id: 'known', aliases: ['k'] }] }, [
    deploymentOf('demo/llama'),
  ])
  const labels = ['anything', 'vllm', 'known', 'k', 'demo/llama', 'llama'].map(
    (model) => planRoute(model, callerOf(['*']), state).candidates[0]?.label,
  )
  expect(labels).toEqual(['other', 'vllm', 'known', 'known', 'llama', 'llama'])
})

test('does not send a deployment that is not ready to the default upstream', () => {
  const state = snapshotOf({ upstreams, defaultUpstream: 'worker' }, [deploymentOf('demo/llama', { ready: false })])
  expect(refusalOf('demo/llama', callerOf(['demo']), state)).toBe('no_healthy_upstream')
  expect(refusalOf('llama', callerOf(['demo']), state)).toBe('no_healthy_upstream')
})

test('remembers plans only for models that exist', () => {
  const state = snapshotOf({ upstreams, defaultUpstream: 'worker' })
  const who = callerOf([])
  expect(planRoute('vllm', who, state)).toBe(planRoute('vllm', who, state))
  expect(planRoute('made-up', who, state)).not.toBe(planRoute('made-up', who, state))
})

test('lists what the caller can ask for: addresses, unambiguous ids and static upstreams', () => {
  expect(listModels(callerOf(['demo']), snapshot, 7).map(({ id }) => id)).toEqual([
    'demo/bare',
    'demo/llama',
    'demo/llama-2',
    LLAMA,
    'vllm',
    'worker',
  ])
  expect(listModels(callerOf(['*']), snapshot, 7).map(({ id }) => id)).not.toContain(LLAMA)
  expect(listModels(callerOf([]), snapshot, 7)).toEqual([
    { id: 'vllm', object: 'model', created: 7, owned_by: 'nexus' },
    { id: 'worker', object: 'model', created: 7, owned_by: 'nexus' },
  ])
})

test('resolves everything it lists', () => {
  for (const projects of [['demo'], ['*'], ['other'], []]) {
    const who = callerOf(projects)
    for (const { id } of listModels(who, snapshot, 0)) expect(refusalOf(id, who), id).toBe('resolved')
  }
})
