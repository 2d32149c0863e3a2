import { createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { eventually } from '@nexus/kube/testing'
import { expect, onTestFinished, test } from 'vitest'
import { startGatewayProgram } from '../../contract/running-gateway.ts'
import { chat } from './calls.ts'
import { startWorker, statsOf, temporaryFolder } from './program.ts'

const MODEL = 'meta-llama/Meta-Llama-3-8B-Instruct'
/** As the deployment guide has it. */
const POLICY = `{"${MODEL}":
  {"strategy":"canary","primary":"vllm","canary":"sglang","percent":10}
}`
const REQUESTS = process.env['NEXUS_SOAK'] === undefined ? 2_000 : 100_000
const TIMEOUT_MS = 600_000
const CLIENTS = 16
const JWT_SECRET = 'gw-test-secret-of-the-canary-0123456789'

type Upstream = 'vllm' | 'sglang'

/** A gateway in front of two workers, and how to ask it: the upstream that answers each of these credentials. */
async function setUp(env: Record<string, string>) {
  const [vllm, sglang] = await Promise.all([startWorker(), startWorker()])
  const url = await startGatewayProgram({
    GATEWAY_UPSTREAMS: `vllm=${vllm.url};sglang=${sglang.url}`,
    GATEWAY_DEFAULT_UPSTREAM: 'vllm',
    GATEWAY_RATE_LIMIT_PER_MINUTE: '1000000',
    GATEWAY_ACCESS_LOG: 'false',
    GATEWAY_USAGE_ENABLED: 'false',
    GATEWAY_AUDIT_LOGGING_ENABLED: 'false',
    ...env,
  })
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  onTestFinished(() => agent.destroy())
  const ask = async (credentials: readonly string[]): Promise<string[]> => {
    const arms = credentials.map(() => '')
    let next = 0
    const client = async (): Promise<void> => {
      for (let index = next++; index < credentials.length; index = next++) {
        const headers = { authorization: `Bearer ${credentials[index]}` }
        const { status, headers: answered } = await chat(url, { agent, model: MODEL, headers })
        expect(status).toBe(200)
        arms[index] = String(answered['x-upstream'])
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
    return arms
  }
  const served = async (): Promise<Record<Upstream, number>> => {
    const [primary, canary] = await Promise.all([statsOf(vllm), statsOf(sglang)])
    return { vllm: primary.requests, sglang: canary.requests }
  }
  return { url, ask, served }
}

const countOf = (arms: readonly string[], upstream: Upstream): number => arms.filter((arm) => arm === upstream).length

/** How far a count may be from its share of a number of draws, in 999 cases of a thousand. */
const deviationOf = (draws: number, share: number): number => 3.29 * Math.sqrt(draws * share * (1 - share))

// Its draws are random: one in a thousand is outside of the interval, and two in a row one in a million.
test(
  'the requests of the key that everyone uses are split as the policy says',
  { retry: 1, timeout: TIMEOUT_MS },
  async () => {
    const { ask, served } = await setUp({ GATEWAY_DEV: 'true', GATEWAY_ROUTE_POLICIES: POLICY })
    const arms = await ask(Array.from({ length: REQUESTS }, () => 'dev-key'))
    const canary = countOf(arms, 'sglang')
    console.log(`canary: ${canary} of ${REQUESTS} requests, 10 % ± ${deviationOf(REQUESTS, 0.1).toFixed(0)}`)
    expect(await served()).toEqual({ vllm: REQUESTS - canary, sglang: canary })
    expect(Math.abs(canary - REQUESTS * 0.1)).toBeLessThan(deviationOf(REQUESTS, 0.1))
  },
)

test('callers are split as the policy says, each by who it is', { timeout: TIMEOUT_MS }, async () => {
  const { ask, served } = await setUp({ GATEWAY_JWT_SECRET: JWT_SECRET, GATEWAY_ROUTE_POLICIES: POLICY })
  const arms = await ask(Array.from({ length: REQUESTS }, (_, index) => tokenOf(`caller-${index}`)))
  const canary = countOf(arms, 'sglang')
  console.log(`canary: ${canary} of ${REQUESTS} callers, 10 % ± ${deviationOf(REQUESTS, 0.1).toFixed(0)}`)
  expect(await served()).toEqual({ vllm: REQUESTS - canary, sglang: canary })
  expect(Math.abs(canary - REQUESTS * 0.1)).toBeLessThan(deviationOf(REQUESTS, 0.1))
})

test('a key stays on its arm whatever its client says, and another percentage moves only the keys that it must', async () => {
  const keys = Array.from({ length: 200 }, (_, index) => `gw-test-canary-${index}`)
  const file = join(await temporaryFolder('nexus-gateway-canary-'), 'gateway.json')
  const write = (percent: number): Promise<void> => {
    const route = { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent }
    return writeFile(file, JSON.stringify({ models: [{ id: MODEL, route }] }))
  }
  await write(10)
  const { url, ask } = await setUp({ GATEWAY_CONFIG_FILE: file, GATEWAY_API_KEYS: keys.join(',') })
  const changeTo = async (percent: number, generation: number): Promise<string[]> => {
    await write(percent)
    await eventually(async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text()
      expect(metrics).toContain(`\ngateway_config_generation ${generation}\n`)
    })
    return ask(keys)
  }

  const first = await ask(keys)
  expect(Math.abs(countOf(first, 'sglang') - 20)).toBeLessThan(deviationOf(keys.length, 0.1))
  for (let round = 0; round < 4; round += 1) expect(await ask(keys)).toEqual(first)
  // What a client can choose does not choose its arm.
  const [key = ''] = keys
  for (let call = 0; call < 50; call += 1) {
    const headers = { authorization: `Bearer ${key}`, 'x-request-id': `pick-${call}`, 'x-session-id': `pick-${call}` }
    expect((await chat(url, { model: MODEL, headers })).headers['x-upstream']).toBe(first[0])
  }

  const more = await changeTo(30, 2)
  const moved = more.flatMap((arm, index) => (arm === first[index] ? [] : [`${first[index]} → ${arm}`]))
  expect(new Set(moved)).toEqual(new Set(['vllm → sglang']))
  expect(Math.abs(moved.length - 40)).toBeLessThan(deviationOf(keys.length, 0.2))
  expect(await changeTo(10, 3)).toEqual(first)
})

/** A token of this caller for an hour. */
function tokenOf(subject: string): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: subject, exp: Math.floor(Date.now() / 1000) + 3600 }
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`
}
