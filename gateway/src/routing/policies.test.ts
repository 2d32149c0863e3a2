import { expect, test } from 'vitest'
import type { Caller } from '../auth/caller.ts'
import { GatewayError } from '../errors.ts'
import { listModels } from './models.ts'
import { planRoute } from './plan.ts'
import type { RoutingSnapshot } from './snapshot.ts'
import { parseEndpointSlice } from '../discovery/endpoint-slices.ts'
import { callerOf, deploymentOf, snapshotOf } from './testing/states.ts'

const upstreams = ['vllm', 'sglang', 'backup'].map((name) => ({ name, url: `http://${name}` }))
const anyone = callerOf([])

/** The arms of each candidate, as `upstream=model:weight`. */
function planned(model: string, state: RoutingSnapshot, who: Caller = anyone): string[] {
  return planRoute(model, who, state).candidates.map(({ arms }) =>
    arms.map(({ arm, weight }) => `${arm.upstream}=${arm.model}:${weight}`).join(' '),
  )
}

function verdict(model: string, who: Caller, state: RoutingSnapshot): string {
  try {
    return planned(model, state, who).join(', ')
  } catch (error) {
    if (error instanceof GatewayError) return `${error.status} ${error.code}`
    throw error
  }
}

test.each([
  ['direct', { strategy: 'direct', target: 'vllm' }, 'vllm=m:1'],
  [
    'weighted',
    {
      strategy: 'weighted',
      targets: [
        { name: 'vllm', weight: 90 },
        { name: 'sglang', weight: 10 },
      ],
    },
    'vllm=m:90 sglang=m:10',
  ],
  [
    'weighted without weights',
    { strategy: 'weighted', targets: [{ name: 'vllm' }, { name: 'sglang' }] },
    'vllm=m:1 sglang=m:1',
  ],
  [
    'weighted with a weight of 0',
    {
      strategy: 'weighted',
      targets: [
        { name: 'vllm', weight: 0 },
        { name: 'sglang', weight: 3 },
      ],
    },
    'sglang=m:3',
  ],
  [
    'weighted with a target named twice',
    { strategy: 'weighted', targets: [{ name: 'vllm' }, { name: 'vllm', weight: 2 }] },
    'vllm=m:3',
  ],
  ['canary', { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 10 }, 'vllm=m:90 sglang=m:10'],
  ['canary without a percentage', { strategy: 'canary', primary: 'vllm', canary: 'sglang' }, 'vllm=m:95 sglang=m:5'],
])('makes arms of a route: %s', (_name, route, arms) => {
  expect(planned('m', snapshotOf({ upstreams, models: [{ id: 'm', route }] }))).toEqual([arms])
})

test('sends a model under the name that it has at each upstream', () => {
  const route = { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 10 }
  const state = snapshotOf({ upstreams, models: [{ id: 'm', aliases: ['chat'], served: { sglang: 'llama3' }, route }] })
  expect(planned('chat', state)).toEqual(['vllm=m:90 sglang=llama3:10'])
})

test('serves a model without a route where it has a name', () => {
  const state = snapshotOf({ upstreams, models: [{ id: 'm', served: { sglang: 'llama3' } }], defaultUpstream: 'vllm' })
  expect(planned('m', state)).toEqual(['sglang=llama3:1'])
})

test('finds a model without a route by its id: deployments, an upstream of that name, the default', () => {
  const models = ['llama', 'vllm', 'm'].map((id) => ({ id, aliases: [`my-${id}`] }))
  const state = snapshotOf({ upstreams, models, defaultUpstream: 'backup' }, [deploymentOf('demo/llama')])
  const who = callerOf(['demo'])
  expect(['my-llama', 'my-vllm', 'my-m'].flatMap((name) => planned(name, state, who))).toEqual([
    'demo/llama=llama:1',
    'vllm=vllm:1',
    'backup=m:1',
  ])
})

test('prefers a configured route to what discovery finds, by address and by id', () => {
  const route = { strategy: 'direct', target: 'vllm' }
  const models = ['llama', 'demo/llama'].map((id) => ({ id, route }))
  const state = snapshotOf({ upstreams, models }, [deploymentOf('demo/llama')])
  const who = callerOf(['*'])
  expect(['llama', 'demo/llama'].flatMap((name) => planned(name, state, who))).toEqual([
    'vllm=llama:1',
    'vllm=demo/llama:1',
  ])
})

const fallback = { models: ['vllm', 'llama', 'sglang', 'vllm', 'lost'], on: ['429', '5xx'] }

test('appends the fallbacks that this caller can use, each once', () => {
  const models = [{ id: 'm', aliases: ['chat'], route: { strategy: 'direct', target: 'backup' }, fallback }]
  const state = snapshotOf({ upstreams, models, discovery: { kind: 'off' }, defaultUpstream: 'backup' }, [
    deploymentOf('demo/llama'),
  ])
  expect(planned('chat', state, callerOf(['demo']))).toEqual([
    'backup=m:1',
    'vllm=vllm:1',
    'demo/llama=llama:1',
    'sglang=sglang:1',
    'backup=lost:1',
  ])
  expect(planRoute('chat', anyone, state).fallbackOn).toEqual(new Set(['429', '5xx']))
  const limited = callerOf(['demo'], { models: new Set(['chat', 'm', 'sglang']) })
  expect(planned('chat', state, limited)).toEqual(['backup=m:1', 'sglang=sglang:1'])
})

test('falls back from a model whose servers are all gone, and refuses it where nothing else is left', () => {
  const models = [
    { id: 'llama', fallback: { models: ['vllm'] } },
    { id: 'other', fallback: { models: ['vllm'] } },
  ]
  const state = snapshotOf({ upstreams, models, defaultUpstream: undefined, ...kubernetes }, [
    deploymentOf('demo/llama', { ready: false }),
  ])
  const who = callerOf(['demo'])
  expect(planRoute('llama', who, state).candidates.map(({ arms }) => arms[0]?.arm.endpoints.length)).toEqual([0, 1])
  expect(planned('other', state, who)).toEqual(['other=other:1', 'vllm=vllm:1'])
  expect(verdict('other', callerOf(['demo'], { models: new Set(['other']) }), state)).toBe('404 model_not_found')
  expect(verdict('llama', callerOf(['demo'], { models: new Set(['llama']) }), state)).toBe('503 no_healthy_upstream')
})

const kubernetes = {
  discovery: { kind: 'kubernetes', apiUrl: 'https://api', serviceAccountDir: '/var/run/secrets' },
}

test('finds the servers of a Kubernetes Service in its slices', () => {
  const slice = parseEndpointSlice({
    metadata: { name: 's', namespace: 'nexus', labels: { 'kubernetes.io/service-name': 'model-worker' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
    ports: [{ name: 'http', port: 8001 }],
  })
  const config = {
    upstreams: [{ name: 'w', service: { namespace: 'nexus', name: 'model-worker' } }],
    kubernetes: { apiUrl: 'https://api' },
  }
  const slices = new Map(slice === undefined ? [] : [['nexus/model-worker', [slice]]])
  const state = snapshotOf(config, [], slices)
  expect(state.endpoints.map(({ upstream, url }) => `${upstream} ${url}`)).toEqual([
    'w http://10.0.0.1:8001',
    'w http://10.0.0.2:8001',
  ])
  expect(verdict('w', anyone, state)).toBe('w=w:1')
  expect(verdict('w', anyone, snapshotOf(config))).toBe('503 no_healthy_upstream')
})

test('gives every upstream the timeouts of the gateway unless it has its own', () => {
  const own = { connectMs: 1, firstByteMs: 2, idleMs: 3, totalMs: 4 }
  const config = {
    upstreams: [...upstreams, { name: 'own', url: 'http://own', timeouts: own }],
    timeouts: { idleMs: 7 },
  }
  const state = snapshotOf(config, [deploymentOf('demo/llama')])
  expect(state.endpoints.map(({ settings }) => settings.timeouts?.idleMs)).toEqual([7, 7, 7, 3, 7])
})

const guarded = snapshotOf(
  {
    upstreams,
    models: [
      { id: 'secret', aliases: ['chat'], route: { strategy: 'direct', target: 'vllm' } },
      { id: 'llama', aliases: ['assistant'] },
    ],
    ...kubernetes,
  },
  [
    deploymentOf('demo/llama', { models: [{ id: 'llama' }, { id: 'adapter', base: 'llama' }] }),
    deploymentOf('demo/phi', { models: [{ id: 'phi' }, { id: 'adapter', base: 'phi' }] }),
    deploymentOf('hidden/qwen', { models: [{ id: 'qwen' }, { id: 'hidden-adapter', base: 'qwen' }] }),
  ],
)

const limitedTo = (...models: string[]): Caller => callerOf(['demo'], { models: new Set(models) })

test.each([
  ['a model on the list', 'vllm', limitedTo('vllm'), 'vllm=vllm:1'],
  ['a model that is not on the list', 'sglang', limitedTo('vllm'), '403 model_not_allowed'],
  ['an alias of a model that is not on the list', 'chat', limitedTo('chat'), '403 model_not_allowed'],
  ['an alias that is not on the list of a model that is', 'chat', limitedTo('secret'), '403 model_not_allowed'],
  ['an alias and its model', 'chat', limitedTo('chat', 'secret'), 'vllm=secret:1'],
  [
    'an alias of a discovered model that is not on the list',
    'assistant',
    limitedTo('assistant'),
    '403 model_not_allowed',
  ],
  ['the address of a model that is not on the list', 'demo/phi', limitedTo('demo/phi'), '403 model_not_allowed'],
  ['an address and the model there', 'demo/phi', limitedTo('demo/phi', 'phi'), 'demo/phi=phi:1'],
  ['an adapter of a base that is not on the list', 'adapter', limitedTo('adapter'), '403 model_not_allowed'],
  ['an adapter where its base is on the list', 'adapter', limitedTo('adapter', 'phi'), 'demo/phi=adapter:1'],
  ['a model in another project', 'qwen', limitedTo('qwen'), '404 model_not_found'],
  ['a forbidden model in another project', 'qwen', limitedTo('phi'), '404 model_not_found'],
  ['an adapter in another project', 'hidden-adapter', limitedTo('hidden-adapter'), '404 model_not_found'],
  ['an address in another project', 'hidden/qwen', limitedTo('hidden/qwen', 'qwen'), '404 model_not_found'],
  ['nothing, for an empty list', 'vllm', limitedTo(), '403 model_not_allowed'],
])('judges %s', (_name, model, who, expected) => {
  expect(verdict(model, who, guarded)).toBe(expected)
})

test('tells the log alone which model behind a name is not on the list', () => {
  const ask = (): unknown => planned('chat', guarded, limitedTo('chat'))
  expect(ask).toThrow(/^Your key may not use the model `chat`: not the one that this name stands for\. GET/)
  expect(ask).toThrow(expect.objectContaining({ cause: new Error("the key's list of models lacks secret") }))
})

test.each([
  'VLLM',
  'vllm ',
  ' vllm',
  'vllm\t',
  'vllm\u200b',
  'ｖｌｌｍ',
  'vllm/',
  './vllm',
  'vllm%20',
  '__proto__',
  '',
])('takes %j for another name than vllm', (name) => {
  expect(verdict(name, limitedTo('vllm'), guarded)).toBe('404 model_not_found')
  const withDefault = snapshotOf({ upstreams, defaultUpstream: 'backup' })
  expect(verdict(name, limitedTo('vllm'), withDefault)).toBe('403 model_not_allowed')
})

test('lists exactly what may be asked for, aliases and adapters among it', () => {
  const idsFor = (who: Caller): string[] => listModels(who, guarded, 0).map(({ id }) => id)
  expect(idsFor(callerOf(['demo']))).toEqual([
    'adapter',
    'assistant',
    'backup',
    'chat',
    'demo/llama',
    'demo/phi',
    'llama',
    'phi',
    'secret',
    'sglang',
    'vllm',
  ])
  expect(idsFor(limitedTo('adapter', 'assistant', 'demo/llama', 'llama'))).toEqual([
    'adapter',
    'assistant',
    'demo/llama',
    'llama',
  ])
  expect(idsFor(limitedTo('adapter', 'chat'))).toEqual([])
})

test('leaves a request its snapshot while another takes effect', () => {
  const before = snapshotOf({ upstreams })
  const plan = planRoute('vllm', anyone, before)
  snapshotOf({ upstreams: [{ name: 'other', url: 'http://other' }] })
  expect(planRoute('vllm', anyone, before)).toBe(plan)
  expect(plan.candidates[0]?.arms[0]?.arm.endpoints.map(({ url }) => url)).toEqual(['http://vllm'])
})
