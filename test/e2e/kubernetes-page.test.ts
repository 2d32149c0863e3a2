import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { eventually, hasProgram } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { startPortForward } from './clients/port-forward.ts'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { root } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'
import { startSandboxCluster } from './clusters/sandbox.ts'
import { chat as stream, isCompleteStream } from './gateway/calls.ts'
import type { Answer } from './gateway/calls.ts'
import { chat, copyOfManifests, modelsOf, servedBy, withConfigurationFile } from './kubernetes-page/manifests.ts'

const NEEDS_KUBECTL = !hasProgram('kubectl')

const PodList = z.object({
  items: z.array(
    z.looseObject({ metadata: z.looseObject({ name: z.string(), deletionTimestamp: z.string().optional() }) }),
  ),
})

/** `k8s/README.md`, as somebody follows it who has kubectl in hand and no Docker. */
await describeOnClusters('the page of the manifests', (start) => {
  let cluster: TestCluster
  let manifests: string

  const kubectl = (line: string, input?: string): Promise<Ran> =>
    run('kubectl', line.split(' '), { env: cluster.env, cwd: root, ...(input !== undefined && { input }) })
  const succeeds = async (line: string, input?: string): Promise<string> => {
    const ran = await kubectl(line, input)
    expect(ran.code, `kubectl ${line}: ${ran.stderr}`).toBe(0)
    return ran.stdout
  }
  const script = (name: string, env: Record<string, string> = {}): Promise<Ran> =>
    run(join(root, 'ops', name), [], { env: { ...cluster.env, ...env } })
  const rolledOut = (name = 'nexus-gateway'): Promise<string> =>
    succeeds(`rollout status -n nexus deployment/${name} --timeout=120s`)
  /** Without those that are on their way out. */
  const gatewayPods = async (): Promise<string[]> => {
    const { items } = PodList.parse(JSON.parse(await succeeds('get pods -n nexus -l app=nexus-gateway -o json')))
    return items.flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? [metadata.name] : [])).sort()
  }
  const restartsOf = (pod = ''): Promise<string> =>
    succeeds(`get pod ${pod} -n nexus -o jsonpath={.status.containerStatuses[0].restartCount}`)

  beforeAll(async () => {
    if (NEEDS_KUBECTL) return
    cluster = await start()
    manifests = await copyOfManifests()
  }, 240_000)

  afterAll(async () => {
    await cluster?.stop()
    if (manifests !== undefined) await rm(manifests, { recursive: true, force: true })
  })

  test.skipIf(NEEDS_KUBECTL)('is applied, and rolls out', { timeout: 240_000 }, async () => {
    const applied = await succeeds('apply -k k8s/')
    expect(applied).toContain('deployment.apps/nexus-gateway configured') // the cluster had one of its own
    expect(applied).toContain('horizontalpodautoscaler.autoscaling/model-worker created')
    await rolledOut()
    await rolledOut('model-worker')
    await eventually(async () => expect(await gatewayPods()).toHaveLength(2), 120_000) // as many as the autoscaler wants
    const again = await succeeds('apply -k k8s/')
    const changed = again.split('\n').filter((line) => line !== '' && !line.endsWith(' unchanged'))
    // `stringData` is never read back, and kubectl replaces selectors of budgets each time. Nothing else is touched.
    expect(changed.filter((line) => !/^(?:secret|poddisruptionbudget\.policy)\//.test(line))).toEqual([])
  })

  test.skipIf(NEEDS_KUBECTL)('answers the smoke test through a port-forward', { timeout: 120_000 }, async () => {
    {
      await using forward = await startPortForward(cluster.env, ['-n', 'nexus', 'svc/nexus-gateway'], 80)
      const answer = await eventually(async () => {
        const { status, body } = await chat(forward.url)
        expect(status, body).toBe(200)
        return body
      }, 60_000)
      expect(answer).toContain('mock response: hello')
    }
    const ran = await script('smoke_test_gateway.sh')
    expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: 'ok: health\nok: models\nok: chat\nok: streamed chat\n' })
  })

  test.skipIf(NEEDS_KUBECTL)('takes another image, and goes back', { timeout: 240_000 }, async () => {
    const ran = await script('k8s_set_gateway_image.sh', {
      IMAGE_REPO: 'registry.example/nexus-gateway',
      IMAGE_TAG: '9',
    })
    expect(ran, ran.stderr).toMatchObject({ code: 0 })
    const image = 'get deployment nexus-gateway -n nexus -o jsonpath={.spec.template.spec.containers[0].image}'
    expect(await succeeds(image)).toBe('registry.example/nexus-gateway:9')
    await succeeds('rollout undo -n nexus deployment/nexus-gateway')
    await rolledOut()
    expect(await succeeds(image)).toBe('nexus-gateway:latest')
  })

  test.skipIf(NEEDS_KUBECTL)('rolls the pods when a setting changes', { timeout: 240_000 }, async () => {
    await eventually(async () => expect(await gatewayPods()).toHaveLength(2), 120_000)
    const before = await gatewayPods()
    await succeeds(`apply -k ${manifests}`)
    expect(await gatewayPods()).toEqual(before) // nothing has changed yet
    await writeFile(join(manifests, 'gateway/gateway.env'), 'GATEWAY_RATE_LIMIT_PER_MINUTE=none\n', { flag: 'a' })
    const settings = await readFile(join(manifests, 'gateway/gateway.env'), 'utf8')
    await writeFile(join(manifests, 'gateway/gateway.env'), settings.replace('GATEWAY_RATE_LIMIT_PER_MINUTE=600\n', ''))
    await succeeds(`apply -k ${manifests}`)
    await rolledOut()
    await eventually(async () => {
      const pods = await gatewayPods()
      expect(pods).toHaveLength(2)
      expect(pods.filter((pod) => before.includes(pod))).toEqual([])
    }, 120_000)
  })

  test.skipIf(NEEDS_KUBECTL)('follows a configuration file without a new pod', { timeout: 240_000 }, async () => {
    const dir = await withConfigurationFile(manifests)
    await succeeds(`apply -k ${dir}`)
    await rolledOut()
    await eventually(async () => expect(await gatewayPods()).toHaveLength(2), 120_000)
    const pods = await gatewayPods()
    await using forward = await startPortForward(cluster.env, ['-n', 'nexus', `pod/${pods[0]}`], 8000)
    expect(await modelsOf(forward.url)).toContain('chat')
    const file = await readFile(join(dir, 'gateway.yaml'), 'utf8')
    await writeFile(join(dir, 'gateway.yaml'), file.replace('id: chat', 'id: talk'))
    await succeeds(`apply -k ${dir}`)
    await eventually(async () => expect(await modelsOf(forward.url)).toContain('talk'), 120_000)
    expect(await modelsOf(forward.url)).not.toContain('chat')
    expect(await gatewayPods()).toEqual(pods)
    expect(await restartsOf(pods[0])).toBe('0')
  })

  test.skipIf(NEEDS_KUBECTL)('names a Secret that is missing, and waits for it', { timeout: 240_000 }, async () => {
    await succeeds('delete secret nexus-gateway-secrets -n nexus')
    await succeeds('rollout restart -n nexus deployment/nexus-gateway')
    await eventually(async () => {
      const said = await succeeds('describe pod -n nexus -l app=nexus-gateway')
      expect(said).toContain('CreateContainerConfigError')
      expect(said).toContain('secret "nexus-gateway-secrets" not found')
    }, 120_000)
    await succeeds(`apply -k ${manifests}`)
    await rolledOut()
  })

  test.skipIf(NEEDS_KUBECTL)('breaks off no stream when its pods roll', { timeout: 240_000 }, async () => {
    await eventually(async () => expect(await gatewayPods()).toHaveLength(2), 120_000)
    const [pod] = await gatewayPods()
    await using forward = await startPortForward(cluster.env, ['-n', 'nexus', `pod/${pod}`], 8000)
    const streams: Answer[] = []
    const told = new AbortController()
    // However long the pods take to roll, a stream is under way when this one is told to stop.
    const caller = async (): Promise<void> => {
      while (!told.signal.aborted) {
        const headers = { authorization: 'Bearer dev-key' }
        streams.push(await stream(forward.url, { stream: true, headers, fault: 'tokens=200;token-delay=100' }))
      }
    }
    const calling = caller()
    await succeeds('rollout restart -n nexus deployment/nexus-gateway')
    await eventually(async () => {
      expect(await succeeds(`get pod ${pod} -n nexus -o jsonpath={.metadata.deletionTimestamp}`)).not.toBe('')
    }, 120_000)
    told.abort()
    await calling
    expect(streams.filter((answer) => !isCompleteStream(answer))).toEqual([])
    await rolledOut()
  })

  test.skipIf(NEEDS_KUBECTL)('starts a gateway again that was killed', { timeout: 240_000 }, async () => {
    await eventually(async () => expect(await gatewayPods()).toHaveLength(2), 120_000)
    const [pod = ''] = await gatewayPods()
    process.kill(await eventually(() => processOf(pod), 60_000), 'SIGKILL')
    await eventually(async () => expect(await restartsOf(pod)).toBe('1'), 120_000)
    await succeeds(`wait -n nexus pod/${pod} --for=condition=Ready --timeout=120s`)
    await using forward = await startPortForward(cluster.env, ['-n', 'nexus', `pod/${pod}`], 8000)
    expect((await chat(forward.url)).status).toBe(200)
    expect(await gatewayPods()).toContain(pod)
  })

  test.skipIf(NEEDS_KUBECTL)('gives one in ten calls to the canary', { timeout: 300_000 }, async () => {
    await succeeds(
      'apply -f -',
      await readFile(join(import.meta.dirname, 'kubernetes-page/sglang-worker.yaml'), 'utf8'),
    )
    await writeFile(
      join(manifests, 'base/gateway.env'),
      [
        'GATEWAY_UPSTREAMS=vllm=http://model-worker:8001;sglang=http://sglang-worker:8002',
        'GATEWAY_DEFAULT_UPSTREAM=vllm',
        'GATEWAY_ROUTE_POLICIES={"meta-llama/Meta-Llama-3-8B-Instruct":{"strategy":"canary","primary":"vllm","canary":"sglang","percent":10}}',
        '',
      ].join('\n'),
    )
    await succeeds(`apply -k ${manifests}`)
    await rolledOut('sglang-worker')
    await rolledOut()
    await eventually(async () => expect((await gatewayPods()).length).toBe(2), 120_000)
    await using forward = await startPortForward(cluster.env, ['-n', 'nexus', 'svc/nexus-gateway'], 80)
    const calls = 10_000
    const counted = await servedBy(forward.url, 'meta-llama/Meta-Llama-3-8B-Instruct', calls)
    expect(Object.keys(counted).sort()).toEqual(['sglang', 'vllm'])
    // 3.29 standard deviations on either side: 99.9 % of all runs.
    const spread = 3.29 * Math.sqrt(calls * 0.1 * 0.9)
    expect(Math.abs((counted['sglang'] ?? 0) - calls / 10)).toBeLessThan(spread)
  })

  test.skipIf(NEEDS_KUBECTL)(
    'says what is wrong with a setting, and goes on with the old pods',
    { timeout: 240_000 },
    async () => {
      const settings = await readFile(join(manifests, 'base/gateway.env'), 'utf8')
      await writeFile(join(manifests, 'base/gateway.env'), settings.replace('"canary":"sglang"', '"canary":"nowhere"'))
      await succeeds(`apply -k ${manifests}`)
      await eventually(async () => {
        const { stdout, stderr } = await kubectl('logs -n nexus -l app=nexus-gateway --tail=-1 --prefix=false')
        expect(stdout + stderr).toContain('nowhere')
        expect(stdout + stderr).toMatch(/GATEWAY_ROUTE_POLICIES/)
      }, 120_000)
      await using forward = await startPortForward(cluster.env, ['-n', 'nexus', 'svc/nexus-gateway'], 80)
      expect((await chat(forward.url)).status).toBe(200)
      await writeFile(join(manifests, 'base/gateway.env'), settings)
      await succeeds(`apply -k ${manifests}`)
      await rolledOut()
    },
  )

  test.skipIf(NEEDS_KUBECTL)('is scaled, and is deleted', { timeout: 240_000 }, async () => {
    await succeeds('scale -n nexus deployment/model-worker --replicas=2')
    await rolledOut('model-worker')
    expect((await succeeds('get pods -n nexus -l app=model-worker --no-headers')).trim().split('\n')).toHaveLength(2)
    await succeeds(`delete -k ${manifests} --wait=false --ignore-not-found`)
    await eventually(async () => expect((await kubectl('get namespace nexus')).stderr).toContain('not found'), 180_000)
  })
})

describe('on a machine without redis-server', () => {
  let cluster: TestCluster
  let programs: string

  beforeAll(async () => {
    if (NEEDS_KUBECTL) return
    programs = await programsWithout('redis-server')
    const path = process.env['PATH']
    process.env['PATH'] = programs
    cluster = await startSandboxCluster().finally(() => (process.env['PATH'] = path))
  }, 240_000)

  afterAll(async () => {
    await cluster?.stop()
    if (programs !== undefined) await rm(programs, { recursive: true })
  })

  test.skipIf(NEEDS_KUBECTL)(
    'Redis says why it does not run, and the gateway serves',
    { timeout: 240_000 },
    async () => {
      const kubectl = (...args: string[]): Promise<Ran> => run('kubectl', args, { env: cluster.env, cwd: root })
      expect(await kubectl('apply', '-k', 'k8s/')).toMatchObject({ code: 0 })
      const rollout = ['rollout', 'status', '-n', 'nexus', 'deployment/nexus-gateway', '--timeout=120s']
      expect(await kubectl(...rollout)).toMatchObject({ code: 0 })
      await eventually(async () => {
        const { stdout } = await kubectl('describe', 'pod', '-n', 'nexus', '-l', 'app=redis')
        expect(stdout).toMatch(/ErrImagePull|ImagePullBackOff/)
        expect(stdout).toContain('redis-server')
      }, 60_000)
      await using forward = await startPortForward(cluster.env, ['-n', 'nexus', 'svc/nexus-gateway'], 80)
      await eventually(async () => expect((await chat(forward.url)).status).toBe(200), 60_000)
    },
  )
})

/** The number of the process that is the gateway of a pod, here on the only node. */
async function processOf(pod: string): Promise<number> {
  for (const entry of await readdir('/proc')) {
    const read = (file: string): Promise<string> => readFile(`/proc/${entry}/${file}`, 'utf8').catch(() => '')
    if (!(await read('environ')).split('\0').includes(`HOSTNAME=${pod}`)) continue
    if ((await read('cmdline')).includes('gateway/src/main.ts')) return Number(entry)
  }
  throw new Error(`no process is the gateway of ${pod}`)
}

/** A folder with every program of this machine but one. */
async function programsWithout(missing: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-programs-'))
  for (const dir of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of await readdir(dir).catch(() => [])) {
      if (name !== missing) await symlink(join(dir, name), join(folder, name)).catch(() => {}) // the first one wins
    }
  }
  return folder
}
