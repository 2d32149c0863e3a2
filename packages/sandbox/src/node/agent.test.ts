import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { Container, ContainerStatus, Pod, PodSpec } from '@nexus/kube'
import { createNodeKubeClient, podLogs } from '@nexus/kube/node'
import type { NodeKubeClient, PodLogQuery } from '@nexus/kube/node'
import { hasControlPlane } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { processStartTime } from '../process-start.ts'
import { startNodeAgent } from './agent.ts'
import type { NodeAgent } from './agent.ts'
import type { NodeSpec } from './registration/node-spec.ts'
import { accessTo, connectToRealApi, startSandboxApi } from './testing/api-servers.ts'
import type { TestApi } from './testing/api-servers.ts'
import { testProgram } from './testing/test-program.ts'

const namespace = `pods-${crypto.randomUUID().slice(0, 8)}`
const nodeName = 'test-node-7'
/** For a busy machine: what is waited for comes, and nothing here measures how soon. */
const patient = { timeout: 30_000, interval: 50 }
vi.setConfig({ testTimeout: 90_000 })

describe.each([
  { name: 'the sandbox', start: startSandboxApi, here: true },
  { name: 'a real control plane', start: connectToRealApi, here: hasControlPlane() },
])('pods of $name', ({ start, here }) => {
  let api: TestApi
  let kube: NodeKubeClient
  let agent: NodeAgent
  let dir: string

  describe.skipIf(!here)('as local processes', () => {
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'nexus-node-'))
      api = await start()
      kube = createNodeKubeClient(accessTo(api))
      await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
      await kube.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } })
      agent = await startAgent()
    }, 60_000)

    afterAll(async () => {
      await agent?.close({ stopPods: true })
      await kube?.close()
      await api?.close()
      await rm(dir, { recursive: true, force: true })
    }, 60_000)

    function startAgent(): Promise<NodeAgent> {
      const { url, caPem } = api
      return startNodeAgent({
        kube,
        api: { url, caPem },
        dir,
        nodes: [{ name: nodeName }],
        log: () => {},
        programs: [testProgram],
      })
    }

    async function createPod(
      name: string,
      container: Partial<Container> = {},
      spec: Partial<PodSpec> = {},
    ): Promise<Pod> {
      return kube.create<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, labels: { app: name } },
        spec: { nodeName, containers: [{ name: 'main', image: 'test-program', ...container }], ...spec },
      })
    }

    function get(name: string): Promise<Pod> {
      return kube.get(refTo(Kinds.Pod, { name, namespace }))
    }

    async function containerOf(name: string): Promise<ContainerStatus> {
      const [status] = (await get(name)).status?.containerStatuses ?? []
      if (status === undefined) throw new Error(`pod ${name} has no status yet`)
      return status
    }

    function untilReady(name: string): Promise<Pod> {
      return vi.waitFor(async () => {
        const pod = await get(name)
        expect(pod.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
        return pod
      }, patient)
    }

    async function logOf(name: string, query: Partial<PodLogQuery> = {}): Promise<string[]> {
      let text = ''
      for await (const chunk of podLogs(kube, { namespace, pod: name, ...query })) text += `${chunk}\n`
      return text.split('\n').filter((line) => line !== '')
    }

    async function eventsOf(name: string): Promise<string[]> {
      const { items } = await kube.list({ kind: Kinds.Event, namespace })
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason, message }) => `${reason}: ${message}`)
    }

    async function pidOf(name: string): Promise<number> {
      const { uid = '' } = (await get(name)).metadata
      return Number((await readFile(join(dir, 'pods', uid, 'containers', 'main', 'process'), 'utf8')).split(' ')[0])
    }

    async function isGone(name: string): Promise<boolean> {
      return get(name).then(() => false, isNotFound)
    }

    test('the node is ready and says what it holds', async () => {
      const node = await kube.get(refTo(Kinds.Node, { name: nodeName }))
      expect(node.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
      expect(node.status?.allocatable).toMatchObject({ 'nvidia.com/gpu': '8' })
      await vi.waitFor(() => kube.get(refTo(Kinds.Lease, { name: nodeName, namespace: 'kube-node-lease' })), patient)
    })

    test('a pod becomes ready by its probe and reports as a pod does', async () => {
      await createPod('ready', { readinessProbe: { httpGet: { path: '/health', port: 8000 } } })
      const { status } = await untilReady('ready')
      expect(status).toMatchObject({ phase: 'Running', hostIP: '127.0.0.1', qosClass: 'BestEffort' })
      expect(status?.podIP).toMatch(/^10\.244\.7\.\d+$/)
      expect(await containerOf('ready')).toMatchObject({ ready: true, started: true, restartCount: 0 })
      const expected = ['Pulled', 'Created', 'Started']
      const reasons = (await eventsOf('ready')).map((event) => event.split(':')[0])
      expect(reasons).toEqual(expect.arrayContaining(expected))
    })

    test('two pods listen on the same second port, and each is probed on its own', async () => {
      const container = {
        env: [{ name: 'ADMIN_PORT', value: '9091' }],
        readinessProbe: { httpGet: { path: '/', port: 9091 } },
      }
      await Promise.all(['second-a', 'second-b'].map((name) => createPod(name, container)))
      await Promise.all(['second-a', 'second-b'].map(untilReady))
    })

    test('a failing readiness probe keeps the pod unready', async () => {
      await createPod('unhealthy', {
        env: [{ name: 'UNHEALTHY', value: '1' }],
        readinessProbe: { httpGet: { path: '/health', port: 8000 }, periodSeconds: 1, failureThreshold: 1 },
      })
      await vi.waitFor(async () => {
        expect(await eventsOf('unhealthy')).toContain(
          'Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500',
        )
      }, patient)
      expect(await containerOf('unhealthy')).toMatchObject({ ready: false, started: true })
    })

    test('a failing liveness probe restarts the container', async () => {
      await createPod('dead', {
        env: [{ name: 'UNHEALTHY', value: '1' }],
        livenessProbe: { httpGet: { path: '/health', port: 8000 }, periodSeconds: 1, failureThreshold: 2 },
      })
      await vi.waitFor(async () => expect((await containerOf('dead')).restartCount).toBe(1), patient)
      expect(await eventsOf('dead')).toContain('Killing: Container main failed liveness probe, will be restarted')
    })

    test('variables, mounts and the folder of the ServiceAccount arrive', async () => {
      const data = { config: Buffer.from('from the secret').toString('base64') }
      await kube.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'settings', namespace }, data })
      await createPod(
        'env',
        {
          env: [
            { name: 'PRINT', value: 'NAME,FROM_SECRET,KUBERNETES_SERVICE_HOST' },
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'FROM_SECRET', valueFrom: { secretKeyRef: { name: 'settings', key: 'config' } } },
            { name: 'READ', value: '/etc/settings/config' },
          ],
          volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
        },
        { volumes: [{ name: 'settings', secret: { secretName: 'settings' } }] },
      )
      await untilReady('env')
      await vi.waitFor(async () => {
        expect(await logOf('env')).toEqual([
          'started',
          'NAME=env',
          'FROM_SECRET=from the secret',
          'KUBERNETES_SERVICE_HOST=127.0.0.1',
          'from the secret',
        ])
      }, patient)
    })

    test('the token of a pod is accepted by the API server', async () => {
      await createPod('token')
      const { metadata } = await untilReady('token')
      const volumes = join(dir, 'pods', metadata.uid ?? '', 'volumes')
      const [access = ''] = (await readdir(volumes)).filter((name) => name.startsWith('kube-api-access'))
      const folder = join(volumes, access)
      const token = await readFile(join(folder, 'token'), 'utf8')
      const caPem = await readFile(join(folder, 'ca.crt'), 'utf8')
      const asPod = createNodeKubeClient(accessTo({ url: api.url, token, caPem }))
      const answer = await asPod.transport.call({ method: 'GET', path: '/version' })
      await asPod.close()
      expect(answer.status).toBe(200)
    })

    test('a missing Secret is named, and the pod starts when it comes', async () => {
      const valueFrom = { secretKeyRef: { name: 'late', key: 'key' } }
      await createPod('waits', { env: [{ name: 'X', valueFrom }] })
      await vi.waitFor(async () => {
        expect((await containerOf('waits')).state?.waiting).toEqual({
          reason: 'CreateContainerConfigError',
          message: 'secret "late" not found',
        })
      }, patient)
      const data = { key: 'eA==' }
      await kube.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'late', namespace }, data })
      await untilReady('waits')
      expect(await containerOf('waits')).toMatchObject({ restartCount: 0 })
    })

    test('an image without a program says what would run', async () => {
      await createPod('image', { image: 'nginx:1' })
      await vi.waitFor(
        async () => expect((await containerOf('image')).state?.waiting?.reason).toBe('ErrImagePull'),
        patient,
      )
      expect((await containerOf('image')).state?.waiting?.message).toContain('nexus-gateway')
    })

    test('a claim that is not bound keeps the pod waiting', async () => {
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'none' } }]
      await createPod('unbound', {}, { volumes })
      await vi.waitFor(async () => {
        expect((await containerOf('unbound')).state?.waiting).toEqual({ reason: 'ContainerCreating' })
        expect(await eventsOf('unbound')).toContain(
          'FailedMount: MountVolume.SetUp failed for volume "data" : persistentvolumeclaim "none" not found',
        )
      }, patient)
    })

    test('a container that crashes starts again at once and keeps its log', async () => {
      await createPod(
        'crash',
        {
          env: [{ name: 'CRASH_ONCE', value: '/scratch/crashed' }],
          volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        },
        { volumes: [{ name: 'scratch', emptyDir: {} }] },
      )
      await vi.waitFor(async () => {
        const { restartCount, ready, lastState } = await containerOf('crash')
        expect({ restartCount, ready }).toEqual({ restartCount: 1, ready: true })
        expect(lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' })
      }, patient)
      expect(await logOf('crash', { previous: true })).toEqual(['started'])
    })

    test('a container that keeps crashing waits longer each time', async () => {
      await createPod('loop', { env: [{ name: 'EXIT_CODE', value: '4' }] })
      await vi.waitFor(async () => {
        const { state, lastState, restartCount } = await containerOf('loop')
        expect(restartCount).toBe(1)
        expect(state?.waiting?.reason).toBe('CrashLoopBackOff')
        expect(state?.waiting?.message).toContain(
          `back-off 10s restarting failed container=main pod=loop_${namespace}(`,
        )
        expect(lastState?.terminated?.exitCode).toBe(4)
      }, patient)
    })

    test.each([
      ['succeeds', '0', 'Succeeded'],
      ['fails', '5', 'Failed'],
    ])('a pod that is not restarted %s by exit code %s', async (name, value, phase) => {
      await createPod(name, { env: [{ name: 'EXIT_CODE', value }] }, { restartPolicy: 'Never' })
      await vi.waitFor(async () => expect((await get(name)).status?.phase).toBe(phase), patient)
    })

    test('the address of a pod that has ended is free for others', async () => {
      await createPod('ended', { env: [{ name: 'EXIT_CODE', value: '0' }] }, { restartPolicy: 'Never' })
      const { podIP } = await vi.waitFor(async () => {
        const { status = {} } = await get('ended')
        expect(status.phase).toBe('Succeeded')
        return status
      }, patient)
      // A pod that comes to its node with an address keeps it where it is free.
      await createPod('heir', {}, { nodeName: '', schedulerName: 'this-test' })
      const metadata = { name: 'heir', namespace }
      const body = { status: { podIP, podIPs: [{ ip: podIP }] } }
      await kube.patch(refTo(Kinds.Pod, metadata), { type: 'merge', body }, { subresource: 'status' })
      const target = { apiVersion: 'v1', kind: 'Node', name: nodeName }
      const answer = await kube.transport.call({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/pods/heir/binding`,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ apiVersion: 'v1', kind: 'Binding', metadata, target }),
      })
      expect(answer.status).toBe(201)
      expect((await untilReady('heir')).status?.podIP).toBe(podIP)
    })

    test('a deleted pod may say goodbye, then its object and its folder go', async () => {
      await createPod('leaves')
      await untilReady('leaves')
      await vi.waitFor(async () => expect(await logOf('leaves')).toEqual(['started']), patient)
      const pid = await pidOf('leaves')
      const following = logOf('leaves', { follow: true })
      await kube.delete(refTo(Kinds.Pod, { name: 'leaves', namespace }))
      expect(await following).toEqual(['started', 'bye'])
      await vi.waitFor(async () => expect(await isGone('leaves')).toBe(true), patient)
      expect(processStartTime(pid)).toBeUndefined()
    })

    test('a deleted pod that will not go is killed after its grace', async () => {
      await createPod('stubborn', { env: [{ name: 'STUBBORN', value: '1' }] })
      await untilReady('stubborn')
      await vi.waitFor(async () => expect(await logOf('stubborn')).toEqual(['started']), patient)
      const pid = await pidOf('stubborn')
      await kube.delete(refTo(Kinds.Pod, { name: 'stubborn', namespace }), { gracePeriodSeconds: 1 })
      await vi.waitFor(async () => expect(await isGone('stubborn')).toBe(true), patient)
      expect(processStartTime(pid)).toBeUndefined()
    })

    test('two replicas listen on one port, behind one Service that pods and the machine reach', async () => {
      await Promise.all([createPod('replica-1'), createPod('replica-2')])
      const pods = [await untilReady('replica-1'), await untilReady('replica-2')]
      const metadata = { name: 'web', namespace }
      await kube.create({
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { ports: [{ port: 80, targetPort: 8000 }] },
      })
      await kube.create({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'web-1', namespace, labels: { 'kubernetes.io/service-name': 'web' } },
        addressType: 'IPv4',
        endpoints: pods.map(({ status }) => ({ addresses: [status?.podIP ?? ''], conditions: { ready: true } })),
        ports: [{ name: '', port: 8000, protocol: 'TCP' }],
      })
      const publication = await agent.publish({ namespace, service: 'web', port: 80 }, 0)
      const served = new Set<string>()
      await vi.waitFor(async () => {
        const answer = await fetch(`http://127.0.0.1:${publication.port}/`, { headers: { connection: 'close' } })
        served.add(await answer.text())
        expect([...served].sort()).toEqual(['served by replica-1', 'served by replica-2'])
      }, patient)
      await publication.close()
      await createPod('client', { env: [{ name: 'FETCH', value: `http://web.${namespace}.svc.cluster.local` }] })
      await untilReady('client')
      await vi.waitFor(async () => expect((await logOf('client'))[1]).toMatch(/^served by replica-/), patient)
    })

    test('one agent stands for several nodes, and takes out of the cluster those it has no more', async () => {
      const home = await mkdtemp(join(tmpdir(), 'nexus-nodes-'))
      const { url, caPem } = api
      const start = (...nodes: NodeSpec[]): Promise<NodeAgent> =>
        startNodeAgent({ kube, api: { url, caPem }, dir: home, nodes, log: () => {}, programs: [testProgram] })
      const gpus = { gpus: 2, gpuProduct: 'NVIDIA-L40S' }
      const first = await start({ name: 'multi-21', gpus: 0 }, { name: 'multi-22', ...gpus })
      await Promise.all([
        createPod('multi-a', {}, { nodeName: 'multi-21' }),
        createPod('multi-b', {}, { nodeName: 'multi-22' }),
      ])
      expect((await untilReady('multi-a')).status?.podIP).toMatch(/^10\.244\.21\./)
      expect((await untilReady('multi-b')).status?.podIP).toMatch(/^10\.244\.22\./)
      const node = await kube.get(refTo(Kinds.Node, { name: 'multi-22' }))
      expect(node.status?.capacity).toMatchObject({ 'nvidia.com/gpu': '2' })
      expect(node.metadata.labels).toMatchObject({
        'nvidia.com/gpu.product': 'NVIDIA-L40S',
        'nvidia.com/gpu.count': '2',
      })
      await first.close({ stopPods: true })

      const second = await start({ name: 'multi-22', gpus: 0 })
      await expect(kube.get(refTo(Kinds.Node, { name: 'multi-21' }))).rejects.toSatisfy(isNotFound)
      expect(await isGone('multi-a')).toBe(true)
      await untilReady('multi-b')
      const changed = await kube.get(refTo(Kinds.Node, { name: 'multi-22' }))
      expect(changed.metadata.labels).not.toHaveProperty(['nvidia.com/gpu.product'])
      await second.close({ stopPods: true })
      await rm(home, { recursive: true, force: true })
    })

    test('an agent that starts again runs the same pods again', async () => {
      await createPod('stays')
      const before = await untilReady('stays')
      await agent.close({ stopPods: true })
      agent = await startAgent()
      await vi.waitFor(async () => expect((await containerOf('stays')).restartCount).toBe(1), patient)
      const after = await untilReady('stays')
      expect(after.metadata.uid).toBe(before.metadata.uid)
      expect(after.status?.podIP).toBe(before.status?.podIP)
    })

    describe('an agent that is killed', () => {
      const killedNode = 'test-node-8'
      let home: string

      beforeAll(async () => {
        home = await mkdtemp(join(tmpdir(), 'nexus-killed-'))
      })
      afterAll(() => rm(home, { recursive: true, force: true }))

      async function startProcess(): Promise<ChildProcess> {
        const main = fileURLToPath(new URL('./testing/agent-process.ts', import.meta.url))
        const args = ['--conditions=@nexus/source', main, api.url, home, killedNode]
        const env = { PATH: process.env['PATH'], TEST_TOKEN: api.token }
        const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
        await Promise.race([
          once(child.stdout, 'data'),
          once(child, 'exit').then(() => Promise.reject(new Error('the agent did not start'))),
        ])
        return child
      }

      async function pidIn(uid: string): Promise<number> {
        return Number((await readFile(join(home, 'pods', uid, 'containers', 'main', 'process'), 'utf8')).split(' ')[0])
      }

      test('leaves no process, and the next one brings the pods back', async () => {
        const first = await startProcess()
        const tool = { image: 'busybox', command: ['sh', '-c', 'trap "" TERM HUP; while true; do sleep 1; done'] }
        await createPod('survivor', {}, { nodeName: killedNode })
        await createPod('shell', tool, { nodeName: killedNode })
        const { metadata } = await untilReady('survivor')
        const shell = await untilReady('shell')
        const pids = [await pidIn(metadata.uid ?? ''), await pidIn(shell.metadata.uid ?? '')]
        for (const pid of pids) expect(processStartTime(pid)).toBeDefined()
        first.kill('SIGKILL')
        await vi.waitFor(() => expect(pids.map(processStartTime)).toEqual([undefined, undefined]), patient)

        const second = await startProcess()
        await vi.waitFor(async () => expect((await containerOf('survivor')).restartCount).toBe(1), patient)
        expect((await untilReady('survivor')).metadata.uid).toBe(metadata.uid)
        await kube.delete(refTo(Kinds.Pod, { name: 'survivor', namespace }))
        await kube.delete(refTo(Kinds.Pod, { name: 'shell', namespace }), { gracePeriodSeconds: 1 })
        await vi.waitFor(async () => expect(await isGone('survivor')).toBe(true), patient)
        await vi.waitFor(async () => expect(await isGone('shell')).toBe(true), patient)
        second.kill('SIGKILL')
        await once(second, 'exit')
      })
    })
  })
})
