import { expect, test } from 'vitest'
import type { Deployment } from '../routing/snapshot.ts'
import { eventually, startServer } from '../testing/loopback.ts'
import type { RunningDiscovery } from './discovery.ts'
import { follow, service, slice, startApi } from './testing/api-server.ts'

const ALL_SLICES = '/apis/discovery.k8s.io/v1/endpointslices'
const NIM_SERVICES = '/apis/apps.nvidia.com/v1alpha1/nimservices'
const slicesIn = (namespace: string): string => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`

const deploymentsOf = (discovery: RunningDiscovery): Partial<Deployment>[] =>
  discovery.discovered().deployments.map(({ name, servers, models }) => {
    return { name, servers, ...(models === undefined ? {} : { models }) }
  })

/** A model server on loopback stands for a pod: its address and its port are what a slice would hold. */
async function startPod(id: string): Promise<number> {
  const url = await startServer((_request, response) => void response.end(JSON.stringify({ data: [{ id }] })))
  return Number(new URL(url).port)
}

test('reaches a deployment at its pods, which also say what it serves, and follows them', async () => {
  const port = await startPod('meta/llama')
  const { url, state, list } = await startApi()
  state.items = [service('demo/llama', 'http://llama-predictor.demo.svc.cluster.local/')]
  const slices = list(ALL_SLICES)
  slices.items = [slice('demo/llama-predictor', ['127.0.0.1'], port), slice('demo/other', ['10.0.0.9'], 1)]
  const { discovery } = await follow(url)
  const pod = `http://127.0.0.1:${port}`
  await eventually(() => deploymentsOf(discovery)).toEqual([
    { name: 'llama', servers: [pod], models: [{ id: 'meta/llama' }] },
  ])
  expect(new Set(slices.lists.map((query) => query.get('labelSelector')))).toEqual(
    new Set(['app.kubernetes.io/part-of=nim-service', 'serving.kserve.io/inferenceservice']),
  )
  await eventually(() => slices.watches).toHaveLength(2)
  const send = (type: string, object: object): void => slices.watches.forEach((watch) => watch.send(type, object))
  send('ADDED', slice('demo/llama-predictor', ['127.0.0.2'], port, 'two'))
  await eventually(() => deploymentsOf(discovery)).toMatchObject([{ servers: [pod, `http://127.0.0.2:${port}`] }])
  send('DELETED', slice('demo/llama-predictor', ['127.0.0.1'], port))
  await eventually(() => deploymentsOf(discovery)).toMatchObject([{ servers: [`http://127.0.0.2:${port}`] }])
  send('MODIFIED', slice('demo/llama-predictor', [], port, 'two'))
  await eventually(() => deploymentsOf(discovery)).toMatchObject([{ servers: [] }])
})

test.each([
  ['a Service of another project', 'http://llama-predictor.other.svc.cluster.local'],
  ['https, whose certificate is that of the Service', 'https://llama-predictor.demo.svc.cluster.local'],
  ['a name outside the cluster', 'http://llama-predictor.demo.example.com'],
])('reaches a deployment at its own address where that is %s', async (_name, address) => {
  const { url, state, list } = await startApi()
  state.items = [service('demo/llama', address, { ready: 'False' })]
  const slices = list(ALL_SLICES)
  slices.items = ['demo', 'other'].map((project) => slice(`${project}/llama-predictor`, ['10.0.0.1'], 8000))
  const { discovery, logged } = await follow(url)
  await eventually(() => logged.filter((line) => line.includes('EndpointSlices of InferenceServices'))).toHaveLength(1)
  await eventually(() => discovery.discovered().deployments).toMatchObject([{ url: address, servers: [] }])
})

test('finds NIMServices, at their pods where these are known, and prefers the InferenceService of the same name', async () => {
  const port = await startPod('meta/llama')
  const { url, state, list } = await startApi()
  state.items = [service('demo/both', 'http://127.0.0.1:9', { ready: 'False' })]
  list(ALL_SLICES).items = [slice('demo/pods', ['127.0.0.1'], port)]
  const nimService = (name: string): object => ({
    metadata: { name, namespace: 'demo', resourceVersion: '1' },
    status: { state: 'Ready', model: { name: 'meta/llama', clusterEndpoint: `127.0.0.1:${port}` } },
  })
  list(NIM_SERVICES).items = ['both', 'pods', 'address'].map(nimService)
  const { known, discovery } = await follow(url)
  await eventually(known).toEqual({
    'demo/both': 'not ready',
    'demo/pods': ['meta/llama'],
    'demo/address': ['meta/llama'],
  })
  await eventually(() => discovery.discovered().deployments.map(({ servers }) => servers.length)).toEqual([0, 1, 0])
})

test('follows the Services that upstreams name, each by itself, until they are named no more', async () => {
  const { url, list } = await startApi()
  const [one, two] = [list(slicesIn('nexus')), list(slicesIn('gpu'))]
  one.items = [slice('nexus/model-worker', ['10.0.0.1', '10.0.0.2'], 8001)]
  two.items = [slice('gpu/vllm', ['10.0.1.1'], 8000)]
  const { discovery, seen } = await follow(url)
  const known = (): Record<string, number[]> =>
    Object.fromEntries(
      [...discovery.discovered().slices].map(([key, slices]) => [key, slices.map(({ endpoints }) => endpoints.length)]),
    )
  const worker = { namespace: 'nexus', name: 'model-worker' }
  discovery.followServices([worker, { namespace: 'gpu', name: 'vllm' }])
  await eventually(known).toEqual({ 'nexus/model-worker': [2], 'gpu/vllm': [1] })
  expect(one.lists.map((query) => query.get('labelSelector'))).toEqual(['kubernetes.io/service-name=model-worker'])
  await eventually(() => two.watches).toHaveLength(1)
  const isClosed = new Promise((resolve) => two.watches[0]?.response.once('close', resolve))
  discovery.followServices([worker])
  await isClosed
  expect(known()).toEqual({ 'nexus/model-worker': [2] })
  expect(one.lists).toHaveLength(1)
  expect(seen.length).toBeGreaterThan(0)
})

test('keeps the servers it knows while the API server fails', async () => {
  const { url, list } = await startApi()
  const slices = list(slicesIn('nexus'))
  slices.items = [slice('nexus/model-worker', ['10.0.0.1'], 8001)]
  const { discovery, logged } = await follow(url)
  discovery.followServices([{ namespace: 'nexus', name: 'model-worker' }])
  const known = (): string[] => [...discovery.discovered().slices.values()].flat().map(({ name }) => name)
  await eventually(known).toEqual(['model-worker-one'])
  await eventually(() => slices.watches).toHaveLength(1)
  slices.status = 500
  slices.watches[0]?.response.destroy()
  await eventually(() => logged.filter((line) => line.includes('500'))).toHaveLength(1)
  expect(known()).toEqual(['model-worker-one'])
})

test('tells of a burst of news once', async () => {
  const { url, state } = await startApi()
  const { seen, known } = await follow(url)
  await eventually(() => state.watches).toHaveLength(1)
  const addresses = Array.from({ length: 200 }, (_, index) => `demo/m-${index}`)
  const before = seen.length
  const events = addresses.map((address) => ({ type: 'ADDED', object: service(address, undefined) }))
  state.watches[0]?.response.write(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  await eventually(() => Object.keys(known())).toHaveLength(200)
  await eventually(() => seen.at(-1)?.deployments).toHaveLength(200)
  expect(seen.length - before).toBeLessThan(50)
})
