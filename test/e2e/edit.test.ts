import { Kinds } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { eventually } from '@nexus/kube/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { nexusBin } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'

const KEY = 'nvapi-test-0123456789abcdefghij'
const PROFILE = `
identifiers:
  - { displayName: CPU, identifier: cpu, minCount: 100m, maxCount: 2, defaultCount: 200m }
  - { displayName: Memory, identifier: memory, minCount: 64Mi, maxCount: 1Gi, defaultCount: 128Mi }
scheduling:
  type: Node
  node:
    tolerations: [{ key: spot, operator: Exists, effect: NoSchedule }]
`

await describeOnClusters('the settings of a deployment', (start) => {
  let cluster: TestCluster
  let kube: ReturnType<typeof createNodeKubeClient>

  const nexus = (...args: string[]): Promise<Ran> => run(nexusBin, args, { env: cluster.env })
  const deploy = (...args: string[]): Promise<Ran> =>
    run(nexusBin, ['deploy', 'llama-3.1-8b-instruct', ...args, '-n', 'settings', '--api-key-stdin'], {
      env: cluster.env,
      input: `${KEY}\n`,
    })
  const edit = (...args: string[]): Promise<Ran> => nexus('edit', 'llama', '-n', 'settings', ...args)
  const isvc = () => kube.get({ kind: Kinds.InferenceService, name: 'llama', namespace: 'settings' })
  const runtime = () => kube.get({ kind: Kinds.ServingRuntime, name: 'llama', namespace: 'settings' })
  const pods = async () =>
    (await kube.list({ kind: Kinds.Pod, namespace: 'settings' })).items.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    )

  beforeAll(async () => {
    cluster = await start()
    kube = createNodeKubeClient(await loadKubeConfig({ path: cluster.kubeconfig, env: {} }))
    await kube.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'nexus-hardware-profiles', namespace: 'nexus' },
      data: { small: PROFILE },
    })
  })

  afterAll(async () => {
    await kube?.close()
    await cluster?.stop()
  })

  test('flags become fields of the objects', async () => {
    const sizes = ['--hardware-profile', 'small', '--storage', '60Gi', '--sub-path', 'weights']
    const words = ['--display-name', 'Llama', '--description', 'For tests.']
    const container = ['--env', 'NIM_LOG_LEVEL=INFO', '--args=--verbose', '--strategy', 'recreate']
    const flags = [...sizes, ...words, ...container, '--route', '--auth']
    const ran = await deploy('--name', 'llama', '--create-namespace', '--wait', ...flags)
    expect(ran.stderr).not.toContain('error')
    expect(ran.code).toBe(0)
    const { metadata, spec } = await isvc()
    expect(metadata.annotations).toMatchObject({
      'openshift.io/display-name': 'Llama',
      'openshift.io/description': 'For tests.',
      'opendatahub.io/hardware-profile-name': 'small',
      'opendatahub.io/hardware-profile-namespace': 'nexus',
      'security.opendatahub.io/enable-auth': 'true',
    })
    expect(metadata.annotations).toHaveProperty(['opendatahub.io/hardware-profile-resource-version'])
    expect(metadata.labels).toMatchObject({ 'networking.kserve.io/visibility': 'exposed' })
    expect(spec.predictor).toMatchObject({
      deploymentStrategy: { type: 'Recreate' },
      tolerations: [{ key: 'spot', operator: 'Exists', effect: 'NoSchedule' }],
      model: { args: ['--verbose'], env: [{ name: 'NIM_LOG_LEVEL', value: 'INFO' }] },
    })
    expect(spec.predictor.model?.resources?.requests).toEqual({ cpu: '200m', memory: '128Mi' })
    const mounts = (await runtime()).spec.containers[0]?.volumeMounts
    expect(mounts?.find(({ name }) => name === 'nim-pvc')).toMatchObject({ subPath: 'weights' })
  })

  test('a token of a caller is made, and belongs to the deployment', async () => {
    const secret = await kube.get({ kind: Kinds.Secret, name: 'default-llama-sa', namespace: 'settings' })
    expect(secret.metadata.ownerReferences?.map(({ name }) => name)).toEqual(['llama'])
    const role = await kube.get({ kind: Kinds.Role, name: 'llama-view-role', namespace: 'settings' })
    expect(role.rules?.[0]).toMatchObject({ verbs: ['get'], resourceNames: ['llama'] })
  })

  test('the same deploy again changes nothing, another names the edit', async () => {
    const other = await deploy('--name', 'llama', '--replicas', '2')
    expect(other.code).toBe(6)
    expect(other.stderr).toContain('nexus edit llama -n settings')
  })

  test('an edit first shows, then does what it says, and the pods follow', async () => {
    const changes = ['--env', 'NIM_LOG_LEVEL-', '--env', 'A=1', '--args=', '--no-auth', '--model', ':1.8']
    const planned = await edit(...changes, '--dry-run')
    expect(planned.code).toBe(0)
    expect(planned.stdout).toContain('env: NIM_LOG_LEVEL=INFO → A=1')
    expect(planned.stdout).toContain('inferenceservice/llama would be edited')
    expect((await isvc()).spec.predictor.model?.args).toEqual(['--verbose'])
    const unasked = await edit(...changes)
    expect(unasked).toMatchObject({ code: 6, stdout: '' })
    expect(unasked.stderr).toContain('would delete the tokens: default')
    const edited = await edit(...changes, '--yes', '--wait')
    expect(edited.stdout).toBe('inferenceservice/llama edited\n')
    expect(edited.code).toBe(0)
    expect((await isvc()).spec.predictor.model).toMatchObject({ env: [{ name: 'A', value: '1' }] })
    expect((await runtime()).spec.containers[0]?.image).toMatch(/:1\.8$/)
    const images = (await pods()).map(({ spec }) => spec.containers[0]?.image?.split(':').at(-1))
    expect(images).toEqual(['1.8'])
    expect(await edit(...changes)).toMatchObject({ code: 0, stdout: 'inferenceservice/llama unchanged\n' })
  })

  test('a stop frees the pods, an edit starts again, and so does a start', async () => {
    const stop = (): Promise<Ran> => nexus('stop', 'llama', '-n', 'settings')
    expect(await stop()).toMatchObject({ code: 0, stdout: 'inferenceservice/llama stopped\n' })
    expect(await stop()).toMatchObject({ code: 0, stdout: 'inferenceservice/llama unchanged\n' })
    await eventually(async () => expect(await pods()).toEqual([]), 60_000)
    const edited = await edit('--description', 'Again.', '--wait')
    expect(edited.stderr).toContain('was stopped and starts again')
    expect(edited.code).toBe(0)
    await stop()
    expect(await nexus('start', 'llama', '-n', 'settings', '--wait')).toMatchObject({
      code: 0,
      stdout: 'inferenceservice/llama started\n',
    })
    expect(await pods()).toHaveLength(1)
  })

  test.each([
    { flags: [], code: 2, says: 'Nothing to change was named' },
    { flags: ['--model', 'phi-3-mini-4k-instruct:1'], code: 2, says: 'a deployment keeps its model' },
    { flags: ['--model', ':9.9'], code: 3, says: 'has no tag "9.9"' },
    { flags: ['--hardware-profile', 'smal'], code: 3, says: 'Did you mean small?' },
    { flags: ['--hardware-profile', 'small', '--gpu', '1'], code: 2, says: 'has no nvidia.com/gpu' },
    { flags: ['--storage', '10Gi'], code: 6, says: 'has 60Gi and cannot shrink to 10Gi' },
    { flags: ['--replicas', '2'], code: 6, says: 'wanted ReadWriteMany' },
    { flags: ['--env', 'NGC_API_KEY=x'], code: 2, says: 'set by the deployment' },
    { flags: ['--env', `A=${KEY}`], code: 2, says: 'looks like an NVIDIA key' },
    { flags: ['--pvc', 'nothing'], code: 6, says: 'PVC "nothing" does not exist' },
  ])('an edit with $flags is refused', async ({ flags, code, says }) => {
    const before = await isvc()
    const ran = await edit(...flags)
    expect(ran.stderr).toContain(says)
    expect(ran.stderr).not.toContain(KEY)
    expect(ran.code).toBe(code)
    expect((await isvc()).spec).toEqual(before.spec)
  })

  test('a deployment that does not exist is answered with the nearest', async () => {
    for (const command of ['edit', 'stop', 'start']) {
      const flags = command === 'edit' ? ['--replicas', '1'] : []
      const ran = await nexus(command, 'lama', '-n', 'settings', ...flags)
      expect(ran.stderr).toContain('Did you mean llama?')
      expect(ran.code).toBe(3)
    }
  })

  test('a volume cannot be there and be made at once', async () => {
    const ran = await deploy('--name', 'other', '--pvc', 'models', '--storage', '10Gi')
    expect(ran.stderr).toContain('but not both')
    expect(ran.code).toBe(2)
  })
})
