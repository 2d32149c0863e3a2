import { expect, test } from 'vitest'
import { loadConfig } from '../config/load-config.ts'
import { writeConfig } from '../config/testing.ts'
import { mountServiceAccount, service, slice, startApi, type ListState } from '../discovery/testing/api-server.ts'
import { ask } from '../testing/configured.ts'
import { eventually, startServer } from '../testing/loopback.ts'
import { startTestGateway } from '../testing/running.ts'

const SLICES = '/apis/discovery.k8s.io/v1/namespaces/gpu/endpointslices'
const GAUGE = 'gateway_upstream_available_endpoints'

/** A server that says which model it serves and answers every call in a stream of two tokens. */
async function startModelServer(id: string): Promise<string> {
  const token = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
  return startServer((request, response) => {
    if (request.method === 'GET') {
      response.end(JSON.stringify({ data: [{ id }] }))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(token)
    setTimeout(() => response.end(`${token}data: [DONE]\n\n`), 5)
  })
}

/** A gateway that finds deployments. */
async function startDiscovering(apiUrl: string, upstreams: readonly object[] = []) {
  const serviceAccountDir = await mountServiceAccount()
  const gateway = await startTestGateway({
    GATEWAY_CONFIG_FILE: writeConfig(
      JSON.stringify({ upstreams, discovery: { kind: 'kubernetes', apiUrl, serviceAccountDir } }),
    ),
  })
  return { gateway, shown: (name: string) => linesOf(gateway.url, name) }
}

/** The lines of a gateway's metrics that name something. */
async function linesOf(url: string, name: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text()
  return text.split('\n').filter((line) => line.startsWith('gateway_') && line.includes(name))
}

async function watchOf(list: ListState) {
  await eventually(() => list.watches.length).toBeGreaterThan(0)
  const [watch] = list.watches
  if (watch === undefined) throw new Error('nobody watches')
  return watch
}

test('all series of a deployment go when it is deleted, those of others stay', async () => {
  const [llama, qwen] = await Promise.all([startModelServer('meta/llama'), startModelServer('qwen')])
  const { url, state } = await startApi()
  state.items = [service('demo/llama', llama), service('demo/qwen', qwen)]
  const { gateway, shown } = await startDiscovering(url)
  for (const model of ['meta/llama', 'qwen']) {
    await eventually(async () => {
      const answer = await ask(gateway.url, { model, stream: true })
      await answer.text()
      return answer.status
    }).toBe(200)
  }
  await eventually(() => shown('qwen')).not.toEqual([])
  const families = async (name: string): Promise<Set<string | undefined>> =>
    new Set((await shown(name)).map((line) => /^gateway_[a-z_]+?(?=_bucket|_sum|_count|\{)/.exec(line)?.[0]))
  await eventually(() => families('llama')).toEqual(
    new Set([
      'gateway_upstream_requests_total',
      'gateway_upstream_latency_seconds',
      'gateway_time_to_first_token_seconds',
      'gateway_inter_token_latency_seconds',
      'gateway_tokens_total',
      'gateway_upstream_in_flight',
      'gateway_upstream_endpoint_state',
      GAUGE,
    ]),
  )
  const others = await shown('qwen')

  const watch = await watchOf(state)
  watch.send('DELETED', service('demo/llama', llama))
  await eventually(() => shown('llama')).toEqual([])
  expect(await shown('qwen')).toEqual(others)

  watch.send('ADDED', service('demo/llama', llama))
  await eventually(() => shown('llama')).toContain(`${GAUGE}{upstream="demo/llama"} 1`)
})

test('an upstream that a reload takes away leaves the gauges at once, and the counters once they were seen', async () => {
  const url = await startModelServer('m')
  const configOf = (...names: string[]): string =>
    writeConfig(JSON.stringify({ upstreams: names.map((name) => ({ name, url })) }))
  const gateway = await startTestGateway({ GATEWAY_CONFIG_FILE: configOf('stays', 'leaves') })
  await (await ask(gateway.url, { model: 'leaves' })).text()
  await eventually(() => linesOf(gateway.url, 'requests_total{upstream="leaves"')).toHaveLength(1)

  gateway.reconfigure(loadConfig({ GATEWAY_CONFIG_FILE: configOf('stays') }).config)
  const once = await linesOf(gateway.url, '"leaves"')
  expect(once).toContain('gateway_upstream_requests_total{upstream="leaves",status="success"} 1')
  expect(once.filter((line) => line.startsWith('gateway_upstream_endpoint_state') || line.startsWith(GAUGE))).toEqual(
    [],
  )
  expect(await linesOf(gateway.url, '"leaves"')).toEqual([])
  expect(await linesOf(gateway.url, '"stays"')).toContain(`${GAUGE}{upstream="stays"} 1`)
})

test('a Service without a ready pod, and a deployment that is not ready, have 0 endpoints; a stopped one is not missed', async () => {
  const { url, state, list } = await startApi()
  state.items = [
    service('demo/starting', undefined, { ready: 'False' }),
    service('demo/stopping', 'http://127.0.0.1:9'),
  ]
  const slices = list(SLICES)
  const { shown } = await startDiscovering(url, [
    { name: 'vllm', service: { namespace: 'gpu', name: 'vllm', port: 8000 }, health: { enabled: false } },
  ])
  await eventually(() => shown(GAUGE)).toEqual([
    `${GAUGE}{upstream="vllm"} 0`,
    `${GAUGE}{upstream="demo/starting"} 0`,
    `${GAUGE}{upstream="demo/stopping"} 1`,
  ])

  const watch = await watchOf(slices)
  watch.send('ADDED', slice('gpu/vllm', ['10.0.0.1', '10.0.0.2'], 8000))
  await eventually(() => shown(GAUGE)).toContain(`${GAUGE}{upstream="vllm"} 2`)
  watch.send('MODIFIED', slice('gpu/vllm', [], 8000))
  await eventually(() => shown(GAUGE)).toContain(`${GAUGE}{upstream="vllm"} 0`)

  const annotations = { 'serving.kserve.io/stop': 'true' }
  const deployments = await watchOf(state)
  deployments.send('MODIFIED', service('demo/stopping', 'http://127.0.0.1:9', { ready: 'False', annotations }))
  await eventually(() => shown(GAUGE)).toEqual([`${GAUGE}{upstream="vllm"} 0`, `${GAUGE}{upstream="demo/starting"} 0`])
})
