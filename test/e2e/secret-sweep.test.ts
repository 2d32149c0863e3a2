import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { Kinds } from '@nexus/kube'
import type { Kind, Secret } from '@nexus/kube'
import { startFaultProxy } from '@nexus/kube/testing'
import type { Fault, FaultProxy } from '@nexus/kube/testing'
import { modalDeployment } from '@nexus/nim-serving/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { pointedAt } from './clusters/kubeconfig.ts'
import { nexusBin, root } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'
import { filesWithKeys, KeyDetector, makeKeys, sampleCommandLines } from './secret-sweep-keys.ts'

const project = 'sweep'
const script = join(root, 'ops', 'migrate_nim_deployment.sh')

/** The only Secrets that may hold a key. */
const MEANT_FOR_KEYS = /^(nim-(api-key|image-pull|key-rotation)-.+|nvidia-nim-secrets|ngc-secret)$/

/** Where an API server keeps its objects: Secrets are among them. */
const STORES = [/\/etcd\//, /\.(db|sqlite)(-wal|-shm)?$/]

await describeOnClusters('two hundred keys', (start) => {
  let cluster: TestCluster
  let kube: ReturnType<typeof createNodeKubeClient>
  let proxy: FaultProxy
  let throughProxy: string
  let scratch: string
  const said: { command: string; text: string }[] = []

  async function nexus(args: string, input: string, env: Record<string, string> = {}): Promise<Ran> {
    const ran = await run(nexusBin, args.split(' '), { env: { ...cluster.env, ...env }, input })
    said.push({ command: args, text: `${ran.stdout}\n${ran.stderr}` })
    return ran
  }

  /** The command with a write that fails, or whose answer is lost. */
  function spoiled(args: string, input: string, at: { write: number; fault: Fault }): Promise<Ran> {
    proxy.restart(at)
    return nexus(args, input, { KUBECONFIG: throughProxy })
  }

  beforeAll(async () => {
    cluster = await start()
    scratch = await mkdtemp(join(tmpdir(), 'nexus-sweep-'))
    const access = await loadKubeConfig({ path: cluster.kubeconfig, env: {} })
    kube = createNodeKubeClient(access)
    proxy = await startFaultProxy(access)
    throughProxy = join(scratch, 'through-proxy.kubeconfig')
    await writeFile(throughProxy, await pointedAt(cluster.kubeconfig, proxy.access.server))
  })

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await kube?.close()
    await cluster?.stop()
    await rm(scratch, { recursive: true, force: true })
  })

  test('are nowhere but in the Secrets meant for them, whatever was done with them', { timeout: 900_000 }, async () => {
    const keys = {
      deployed: makeKeys(24),
      planned: makeKeys(12, '-planned'),
      other: makeKeys(12, '-other'),
      revoked: makeKeys(20, '-revoked'),
      forbidden: makeKeys(12, '-forbidden'),
      limited: makeKeys(8, '-ratelimited'),
      unavailable: makeKeys(12, '-unavailable'),
      misplaced: makeKeys(24, '-misplaced'),
      failed: makeKeys(20, '-failed'),
      rotated: makeKeys(20, '-rotated'),
      migrated: makeKeys(24, '-migrated'),
      scripted: makeKeys(8, '-scripted'),
      reused: makeKeys(4, '-reused'),
    }
    const all = Object.values(keys).flat()
    expect(new Set(all).size).toBe(200)
    const detector = new KeyDetector(all)
    const sampler = sampleCommandLines(detector)

    await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: project } })
    await inLanes([() => deployAll(keys), () => refuseAll(keys), () => migrateAll(keys)])
    await rotateAll(keys)
    await inLanes([() => failAll(keys), () => lookAround()])

    const commandLines = await sampler.stop()
    // What a person typed shows in the process list: after the script's `-k`, as it warns, and in a wrong place.
    const typed = /migrate_nim_deployment\.sh|-misplaced-/
    expect(commandLines.filter((line) => !typed.test(line))).toEqual([])
    expect(commandLines.filter((line) => typed.test(line)).length, 'command lines are seen').toBeGreaterThan(0)
    expect(said.filter(({ text }) => detector.findIn(text).length > 0)).toEqual([])
    expect(said.length).toBeGreaterThan(200)
    await expectCleanApi(detector)
    await expectCleanFiles(detector)
  })

  type Keys = Record<
    | 'deployed'
    | 'planned'
    | 'other'
    | 'revoked'
    | 'forbidden'
    | 'limited'
    | 'unavailable'
    | 'misplaced'
    | 'failed'
    | 'rotated'
    | 'migrated'
    | 'scripted'
    | 'reused',
    string[]
  >

  const deployment = (name: string): string => `deploy phi-3-mini-4k-instruct --name ${name} -n ${project} --gpu 0`

  /** Deployed from standard input, a file and the environment, said again, said with another key, planned. */
  async function deployAll({ deployed, planned, other }: Keys): Promise<void> {
    for (const [index, key] of deployed.entries()) {
      const command = deployment(`d${index}`)
      const file = join(scratch, `key-${index}`)
      await writeFile(file, key)
      const ran = await [
        () => nexus(`${command} --api-key-stdin`, key),
        () => nexus(`${command} --api-key-file ${file}`, ''),
        () => nexus(command, '', { NGC_API_KEY: key }),
      ][index % 3]?.()
      expect(ran?.code, ran?.stderr).toBe(0)
      await nexus(`stop d${index} -n ${project}`, '')
    }
    for (const [index, key] of other.entries()) {
      const ran = await nexus(`${deployment(`d${index}`)} --api-key-stdin`, key)
      expect(ran.code, ran.stderr).toBe(6)
    }
    for (const key of planned) {
      const ran = await nexus(`${deployment('planned')} --api-key-stdin --dry-run -o yaml`, key)
      expect(ran.stdout).toContain('[redacted]')
    }
  }

  /** NVIDIA's refusals, shapes that are none, and keys where everybody could read them. */
  async function refuseAll({ revoked, forbidden, limited, unavailable, misplaced }: Keys): Promise<void> {
    for (const key of [...revoked, ...forbidden, ...limited, ...unavailable]) {
      const ran = await nexus(`${deployment('refused')} --api-key-stdin`, key)
      expect(ran.code).not.toBe(0)
    }
    for (const [index, key] of misplaced.entries()) {
      const ran = await [
        () => nexus(`${deployment('misplaced')} --api-key-stdin`, `Bearer ${key} ${key}`),
        () => nexus(`${deployment('misplaced')} --api-key-stdin`, `"${key}"`),
        () => nexus(`${deployment('misplaced')} --api-key-file ${scratch}/nowhere`, key),
        () => nexus(`${deployment('misplaced')} --api-key-stdin --env TOKEN=${key}`, key),
        () => nexus(`edit d0 -n ${project} --gpu 0 --description ${key}`, ''),
        () => nexus(`${deployment(key)} --api-key-stdin`, key),
      ][index % 6]?.()
      expect(ran?.code).not.toBe(0)
    }
  }

  async function migrateAll({ migrated, scripted, reused }: Keys): Promise<void> {
    for (const [index, key] of migrated.entries()) {
      await seedOlder(`m${index}`)
      await nexus(`migrate -n ${project} -d m${index} --api-key-stdin --dry-run`, key)
      const ran = await nexus(`migrate -n ${project} -d m${index} --api-key-stdin`, key)
      expect(ran.code, ran.stderr).toBe(0)
    }
    for (const [index, key] of scripted.entries()) {
      await seedOlder(`s${index}`)
      const args = ['-n', project, '-d', `s${index}`, '-k', key]
      const ran = await run(script, args, { env: cluster.env })
      said.push({ command: 'migrate_nim_deployment.sh', text: `${ran.stdout}\n${ran.stderr}` })
      expect(ran.code, ran.stderr).toBe(0)
    }
    for (const [index, key] of reused.entries()) {
      const namespace = `${project}-${index}`
      await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
      await seedShared(namespace, key)
      await seedOlder('r', namespace)
      expect((await nexus(`migrate -n ${namespace} -d r --reuse-key`, '')).code).toBe(0)
      await nexus(`migrate -n ${namespace} --plan`, '')
      expect((await nexus(`migrate -n ${namespace} --cleanup --yes`, '')).code).toBe(0)
    }
  }

  async function rotateAll({ rotated, other }: Keys): Promise<void> {
    for (const [index, key] of rotated.entries()) {
      const command = `rotate-key d${index} -n ${project} --api-key-stdin`
      await nexus(`${command} --dry-run`, key)
      const ran = await nexus(command, key)
      expect(ran.code, ran.stderr).toBe(0)
    }
    await nexus(`rotate-key d0 -n ${project} --api-key-stdin`, other[0] ?? '')
  }

  /** Writes that fail at each place, in each way. */
  async function failAll({ failed }: Keys): Promise<void> {
    const faults: Fault[] = ['refused', 'lost-answer', 'reset', 'down', 'denied']
    for (const [index, key] of failed.entries()) {
      const at = { write: index % 5, fault: faults[index % faults.length] ?? 'refused' }
      await spoiled(
        index % 2 === 0
          ? `${deployment(`f${index}`)} --api-key-stdin`
          : `rotate-key d${index} -n ${project} --api-key-stdin`,
        key,
        at,
      )
    }
  }

  async function lookAround(): Promise<void> {
    for (const command of [`list -n ${project} -o yaml`, `status`, `list -A`]) await nexus(command, '')
    for (const name of ['d0', 'm0', 's0']) {
      await nexus(`describe ${name} -n ${project}`, '')
      await nexus(`describe ${name} -n ${project} -o json`, '')
      await nexus(`logs ${name} -n ${project}`, '')
    }
    await nexus(`edit d1 -n ${project} --description changed --gpu 0`, '')
    await nexus(`delete d2 -n ${project} --yes --delete-pvc`, '')
  }

  async function seedOlder(name: string, namespace = project): Promise<void> {
    const { pvc, runtime, isvc } = modalDeployment({ name, project: namespace, pvcName: `nim-pvc-${name}-1` })
    const annotations = { ...isvc.metadata.annotations, 'serving.kserve.io/stop': 'true' }
    for (const object of [pvc, runtime, { ...isvc, metadata: { ...isvc.metadata, annotations } }]) {
      await kube.create(object)
    }
  }

  async function seedShared(namespace: string, key: string): Promise<void> {
    const docker = { auths: { 'nvcr.io': { username: '$oauthtoken', password: key } } }
    const secret = (name: string, stringData: Record<string, string>, type = 'Opaque'): Secret => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      type,
      stringData,
    })
    await kube.create(secret('nvidia-nim-secrets', { NGC_API_KEY: key }))
    const text = JSON.stringify(docker)
    await kube.create(secret('ngc-secret', { '.dockerconfigjson': text }, 'kubernetes.io/dockerconfigjson'))
  }

  /** Everything the API answers with, of every kind this project knows. */
  async function expectCleanApi(detector: KeyDetector): Promise<void> {
    const kinds: Kind[] = Object.values(Kinds)
    for (const kind of kinds) {
      const { items } = await kube.list({ kind })
      for (const object of items) {
        const { metadata } = object
        const isMeant = kind === Kinds.Secret && MEANT_FOR_KEYS.test(metadata.name)
        const text = JSON.stringify(isMeant ? metadata : object)
        expect(detector.findIn(text), `${kind.kind} ${metadata.name}`).toEqual([])
      }
    }
    const held = (await kube.list({ kind: Kinds.Secret })).items.map((secret) => JSON.stringify(secret)).join('')
    expect(detector.findIn(held).length, 'the Secrets meant for keys hold them').toBeGreaterThan(50)
  }

  /** Logs of the gateway, of workers and of the node, pods' folders, records of processes: all but the object store. */
  async function expectCleanFiles(detector: KeyDetector): Promise<void> {
    const isStore = (path: string): boolean => STORES.some((shape) => shape.test(path))
    const { looked, found } = await filesWithKeys(cluster.env['HOME'] ?? '', detector, isStore)
    expect(found).toEqual([])
    expect(looked).toBeGreaterThan(3)
    const store = await filesWithKeys(cluster.env['HOME'] ?? '', detector, (path) => !isStore(path))
    expect(store.found, 'keys are found where they are').not.toEqual([])
  }
})

/** Runs several sequences side by side; the first failure is told when all have ended. */
async function inLanes(lanes: readonly (() => Promise<void>)[]): Promise<void> {
  const results = await Promise.allSettled(lanes.map((lane) => lane()))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

test('a key is recognised in base64 wherever it stands in a longer text', () => {
  const [key = ''] = makeKeys(1)
  const detector = new KeyDetector([key])
  for (const before of ['', 'a', 'ab', 'abc', '{"auths":{"nvcr.io":{"password":"']) {
    expect(detector.findIn(btoa(`${before}${key}","more`)), before).not.toEqual([])
  }
  expect(detector.findIn(btoa('nvapi-test-another-key-0123456789'))).toEqual([])
})
