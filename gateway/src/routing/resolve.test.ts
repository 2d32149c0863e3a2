import { expect, test } from 'vitest'
import type { Caller } from '../auth/keyring.ts'
import { GatewayError } from '../errors.ts'
import { listModels } from './models.ts'
import { resolveTargets } from './resolve.ts'
import { RoundRobin } from './round-robin.ts'
import { assembleSnapshot, type Deployment } from './snapshot.ts'

const LLAMA = 'meta/llama-3.1-8b-instruct'

const caller = (...projects: string[]): Caller => ({ keyId: 'test', projects: new Set(projects) })

function deployment(address: string, changes: Partial<Deployment> = {}): Deployment {
  const [project = '', name = ''] = address.split('/')
  return { project, name, url: `http://${name}.${project}`, ready: true, models: [LLAMA], created: 1, ...changes }
}

const upstreams = [
  { name: 'worker', url: 'http://worker' },
  { name: 'vllm', url: 'http://vllm' },
]

const snapshot = assembleSnapshot({ upstreams }, [
  deployment('demo/llama'),
  deployment('demo/llama-2'),
  deployment('other/llama'),
  deployment('other/phi', { models: ['microsoft/phi', 'my-adapter'] }),
  deployment('demo/starting', { ready: false, models: ['nobody/serves-this'] }),
  deployment('demo/unasked', { models: undefined }),
  deployment('demo/bare', { models: [] }),
])

function refusalOf(model: string, who: Caller, state = snapshot): string {
  try {
    resolveTargets(model, who, state)
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
  return 'resolved'
}

test('reaches an exact address under the model id that is served there', () => {
  expect(resolveTargets('other/phi', caller('other'), snapshot)).toEqual([
    { upstream: 'other/phi', url: 'http://phi.other', model: 'microsoft/phi' },
  ])
})

test('names the model like the deployment where the server lists none', () => {
  expect(resolveTargets('demo/bare', caller('demo'), snapshot)).toMatchObject([{ model: 'bare' }])
})

test('offers every deployment of a model id within one project', () => {
  const targets = resolveTargets(LLAMA, caller('demo'), snapshot)
  expect(targets.map(({ upstream, model }) => [upstream, model])).toEqual([
    ['demo/llama', LLAMA],
    ['demo/llama-2', LLAMA],
  ])
})

test('finds an adapter by its own id', () => {
  expect(resolveTargets('my-adapter', caller('*'), snapshot)).toMatchObject([
    { upstream: 'other/phi', model: 'my-adapter' },
  ])
})

test('refuses a model id that several projects serve and lists the addresses', () => {
  const ask = (): unknown => resolveTargets(LLAMA, caller('*'), snapshot)
  expect(ask).toThrow(expect.objectContaining({ code: 'ambiguous_model', status: 400 }))
  expect(ask).toThrow('demo/llama, demo/llama-2, other/llama')
})

test('prefers an exact address to an equal model id', () => {
  const state = assembleSnapshot({ upstreams: [] }, [
    deployment('meta/llama', { models: ['x'] }),
    deployment('demo/other', { models: ['meta/llama'] }),
  ])
  expect(resolveTargets('meta/llama', caller('*'), state)).toMatchObject([{ upstream: 'meta/llama' }])
  expect(resolveTargets('meta/llama', caller('demo'), state)).toMatchObject([{ upstream: 'demo/other' }])
})

test.each([
  ['an address in a project the key may not use', 'other/phi', caller('demo'), 'model_not_found'],
  ['an id in a project the key may not use', 'microsoft/phi', caller('demo'), 'model_not_found'],
  ['any deployment, for a key without projects', 'demo/llama', caller(), 'model_not_found'],
  ['an unknown model', 'gpt-9', caller('*'), 'model_not_found'],
  ['a deployment that is starting', 'demo/starting', caller('demo'), 'no_healthy_upstream'],
  ['a deployment whose models are not known yet', 'demo/unasked', caller('demo'), 'no_healthy_upstream'],
  ['an id that only a starting deployment serves', 'nobody/serves-this', caller('demo'), 'model_not_found'],
])('refuses %s', (_name, model, who, code) => {
  expect(refusalOf(model, who)).toBe(code)
})

test('sends the model on unchanged to a static upstream of that name, or to the default', () => {
  const state = assembleSnapshot({ upstreams, defaultUpstream: 'worker' }, [])
  expect(resolveTargets('vllm', caller(), state)).toEqual([{ upstream: 'vllm', url: 'http://vllm', model: 'vllm' }])
  expect(resolveTargets('mock-worker', caller(), state)).toMatchObject([{ upstream: 'worker', model: 'mock-worker' }])
})

test('does not send an addressed deployment that is not ready to the default upstream', () => {
  const state = assembleSnapshot({ upstreams, defaultUpstream: 'worker' }, [deployment('demo/llama', { ready: false })])
  expect(refusalOf('demo/llama', caller('demo'), state)).toBe('no_healthy_upstream')
})

test('takes turns per model, whatever other models do in between', () => {
  const turns = new RoundRobin()
  const picked = ['a', 'b', 'a', 'b', 'a'].map((model) => turns.pick(model, model === 'a' ? [1, 2] : [9]))
  expect(picked).toEqual([1, 9, 2, 9, 1])
})

test('lists what the caller can ask for: addresses, unambiguous ids and static upstreams', () => {
  expect(listModels(caller('demo'), snapshot, 7).map(({ id }) => id)).toEqual([
    'demo/bare',
    'demo/llama',
    'demo/llama-2',
    LLAMA,
    'vllm',
    'worker',
  ])
  expect(listModels(caller('*'), snapshot, 7).map(({ id }) => id)).not.toContain(LLAMA)
  expect(listModels(caller(), snapshot, 7)).toEqual([
    { id: 'vllm', object: 'model', created: 7, owned_by: 'nexus' },
    { id: 'worker', object: 'model', created: 7, owned_by: 'nexus' },
  ])
})

test('resolves everything it lists', () => {
  for (const who of [caller('demo'), caller('*'), caller('other'), caller()]) {
    for (const { id } of listModels(who, snapshot, 0)) expect(refusalOf(id, who), id).toBe('resolved')
  }
})
