import { SecretText } from '@nexus/core'
import { KubeApiError, Kinds, refTo } from '@nexus/kube'
import type { Deployment, KubeClient, Secret, ServingRuntime } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import { hasControlPlane, startFaultProxy } from '@nexus/kube/testing'
import type { FaultProxy } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { KeyCheck } from '../../keys/check.ts'
import { connectToTestCluster, freshProject } from '../../testing/cluster.ts'
import type { TestCluster } from '../../testing/cluster.ts'
import { failureOf } from '../../testing/failure.ts'
import { oldInferenceService, oldServingRuntime, predictorDeployment, sharedSecrets } from '../../testing/old-style.ts'
import { migrateNIMDeployment } from './migrate.ts'
import type { MigrateDeps, MigrateRequest, MigrateResult } from './migrate.ts'
import { planNamespaceMigration } from './namespace-plan.ts'
import type { MigrateEvent } from './progress.ts'

const SHARED_KEY = 'nvapi-test-shared-0123456789'
const OWN_KEY = 'nvapi-test-person-0123456789'
const GIVEN = { from: 'person', key: new SecretText(OWN_KEY) } as const
const REUSED = { from: 'cluster' } as const

describe.skipIf(!hasControlPlane())('a migration on a real API server', () => {
  let cluster: TestCluster
  let kube: KubeClient
  let proxy: FaultProxy
  let throughProxy: ReturnType<typeof createNodeKubeClient>

  beforeAll(async () => {
    cluster = await connectToTestCluster()
    kube = cluster.kube
    proxy = await startFaultProxy(cluster.access)
    throughProxy = createNodeKubeClient(proxy.access)
  }, 60_000)

  afterAll(async () => {
    await throughProxy?.close()
    await proxy?.[Symbol.asyncDispose]()
    await cluster?.kube.close()
  })

  test('gives a deployment Secrets of its own and leaves everything else as it is', async () => {
    const project = await oldProject({ deployed: false })
    const before = await kube.get(runtimeRef(project))
    const { result, events } = await migrate({ project, key: GIVEN })
    expect(result.outcome).toBe('migrated')
    const { spec } = await kube.get(runtimeRef(project))
    expect(spec.imagePullSecrets).toEqual([{ name: 'nim-image-pull-llama' }])
    expect(spec).toEqual(replaced(before.spec))
    expect(await keysOf(project)).toEqual({
      'nim-api-key-llama': OWN_KEY,
      'nim-image-pull-llama': OWN_KEY,
      'nvidia-nim-secrets': SHARED_KEY,
      'ngc-secret': SHARED_KEY,
    })
    const secret = await kube.get({ kind: Kinds.Secret, name: 'nim-api-key-llama', namespace: project })
    expect(secret.metadata.labels).toEqual({ 'opendatahub.io/managed': 'true' })
    expect(secret.metadata.annotations).toEqual({ 'nexus.dev/key-hint': '6789', 'nexus.dev/key-set-by': 'ada' })
    expect(secret.metadata.ownerReferences).toMatchObject([{ kind: 'InferenceService', name: 'llama' }])
    expect(events).toContainEqual({
      type: 'not-running',
      service: 'llama',
      because: 'the cluster has no Deployment for it',
    })
    expect(events.at(-1)).toEqual({ type: 'verified', runtime: 'llama' })
    expect(JSON.stringify([result, events])).not.toMatch(/nvapi-|bnZhcGkt/)
  })

  test('a second time asks for no key and writes nothing', async () => {
    const project = await oldProject()
    const stop = followRuntime(project, 'llama', ['llama'])
    await migrate({ project, key: REUSED })
    await stop()
    proxy.restart()
    for (const key of [undefined, REUSED, { from: 'person', key: new SecretText(SHARED_KEY) } as const]) {
      expect((await migrate({ project, key }, { kube: throughProxy })).result.outcome).toBe('unchanged')
    }
    expect(writesSeen()).toEqual([])
  })

  test('a dry run shows the change and writes nothing', async () => {
    const project = await oldProject()
    const { resourceVersion } = (await kube.get(runtimeRef(project))).metadata
    const { result } = await migrate({ project, key: REUSED, dryRun: true })
    expect(result.outcome).toBe('planned')
    expect(result.plan.secrets).toEqual(['nim-api-key-llama', 'nim-image-pull-llama'])
    expect(result.plan.patch).not.toEqual([])
    expect((await kube.get(runtimeRef(project))).metadata.resourceVersion).toBe(resourceVersion)
    expect(Object.keys(await keysOf(project))).toEqual(['ngc-secret', 'nvidia-nim-secrets'])
  })

  test('finds the runtime by its InferenceService, whose name the Secrets get', async () => {
    const project = await oldProject({ runtime: 'nim-3-llama', services: ['llama'], deployed: false })
    await migrate({ project, key: REUSED })
    const { spec } = await kube.get(runtimeRef(project, 'nim-3-llama'))
    expect(spec.imagePullSecrets).toEqual([{ name: 'nim-image-pull-llama' }])
    expect((await migrate({ project, name: 'nim-3-llama' })).result.outcome).toBe('unchanged')
  })

  test('a runtime of several InferenceServices lends them its name and rolls all of them', async () => {
    const project = await oldProject({ runtime: 'shared', services: ['one', 'two'] })
    const stop = followRuntime(project, 'shared', ['one', 'two'])
    const { result } = await migrate({ project, name: 'two', key: REUSED })
    await stop()
    expect(result.services).toEqual([
      { name: 'one', pods: 'rolled' },
      { name: 'two', pods: 'rolled' },
    ])
    const secret = await kube.get({ kind: Kinds.Secret, name: 'nim-api-key-shared', namespace: project })
    expect(secret.metadata.ownerReferences?.map(({ name }) => name)).toEqual(['one', 'two'])
  })

  test('a runtime that nothing runs on is migrated by its own name', async () => {
    const project = await oldProject({ services: [] })
    const { result } = await migrate({ project, key: REUSED })
    expect(result).toMatchObject({ outcome: 'migrated', services: [] })
    expect((await migrate({ project })).result.outcome).toBe('unchanged')
  })

  test('does not restart pods that KServe has replaced already', async () => {
    const project = await oldProject()
    const stop = followRuntime(project, 'llama', ['llama'])
    const { events } = await migrate({ project, key: REUSED })
    await stop()
    expect(events).toContainEqual({ type: 'rolling', service: 'llama', by: 'controller' })
    const { template } = (await kube.get(deploymentRef(project))).spec
    expect(template.metadata?.annotations).toBeUndefined()
  })

  test('restarts once where KServe has to be told, and says when even that does not help', async () => {
    const project = await oldProject()
    const migration = migrate({ project, key: REUSED }, { adoptionMs: 300 })
    const failure = await failureOf(migration)
    expect(failure).toContain('KServe has not given them to Deployment "llama-predictor"')
    expect(failure).toContain('NEXUS_MIGRATE_NOT_READY')
    const { template } = (await kube.get(deploymentRef(project))).spec
    expect(Object.keys(template.metadata?.annotations ?? {})).toEqual(['kubectl.kubernetes.io/restartedAt'])
    const stop = followRuntime(project, 'llama', ['llama'])
    await migrate({ project })
    await stop()
    const { spec } = (await kube.get(deploymentRef(project))).spec.template
    expect(spec.imagePullSecrets).toEqual([{ name: 'nim-image-pull-llama' }])
  })

  test('names what froze a deployment', async () => {
    const project = await oldProject({ annotations: { 'serving.kserve.io/disable-auto-update': 'true' } })
    const failure = await failureOf(migrate({ project, key: REUSED }, { adoptionMs: 100 }))
    expect(failure).toContain('annotated with serving.kserve.io/disable-auto-update')
  })

  test('says what new pods wait for when they are not ready in time', async () => {
    const project = await oldProject({ replicas: 1 })
    const stop = followRuntime(project, 'llama', ['llama'])
    const error = migrate({ project, key: REUSED, readyTimeoutMs: 1500 })
    const failure = await failureOf(error)
    expect(failure).toContain('NEXUS_MIGRATE_NOT_READY')
    expect(failure).toMatch(/not ready after 0 min: \S/)
    expect(failure).toContain('nexus describe llama')
    await stop()
  })

  test('gives up when the caller does', async () => {
    const project = await oldProject({ replicas: 1 })
    const interrupted = new AbortController()
    const migration = migrate(
      { project, key: REUSED },
      {
        signal: interrupted.signal,
        onEvent: ({ type }) => type === 'references-moved' && interrupted.abort(new Error('enough')),
      },
    )
    await expect(migration).rejects.toThrow('enough')
  })

  describe('keys', () => {
    test('one that a Secret of the deployment does not hold is refused, with the way to change it', async () => {
      const project = await oldProject({ deployed: false })
      await migrate({ project, key: REUSED })
      const failure = await failureOf(migrate({ project, key: GIVEN }))
      expect(failure).toContain(`nexus rotate-key llama -n ${project}`)
      expect(failure).toContain('NEXUS_MIGRATE_KEY_DIFFERS')
    })

    test('a Secret that is missing is made again, with the key of the other', async () => {
      const project = await oldProject({ deployed: false })
      await migrate({ project, key: GIVEN })
      await kube.delete({ kind: Kinds.Secret, name: 'nim-image-pull-llama', namespace: project })
      await expect(migrate({ project })).rejects.toMatchObject({ code: 'NEXUS_MIGRATE_KEY_INPUT' })
      expect((await migrate({ project, key: REUSED })).result.plan.secrets).toEqual(['nim-image-pull-llama'])
      expect(await keysOf(project)).toMatchObject({ 'nim-image-pull-llama': OWN_KEY })
    })

    test('a Secret made by hand is used, and owned from then on', async () => {
      const project = await oldProject({ deployed: false })
      const [made] = sharedSecrets(project, OWN_KEY)
      if (made === undefined) throw new TypeError('there are two')
      await kube.create({ ...made, metadata: { name: 'nim-api-key-llama', namespace: project } })
      const { events } = await migrate({ project, key: GIVEN })
      expect(events).toContainEqual({ type: 'secret-owned', secret: 'nim-api-key-llama' })
      expect((await migrate({ project, key: GIVEN })).result.outcome).toBe('unchanged')
    })

    test('a Secret of the name without a key is named', async () => {
      const project = await oldProject({ deployed: false })
      await kube.create({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'nim-api-key-llama', namespace: project },
      })
      const failure = await failureOf(migrate({ project, key: GIVEN }))
      expect(failure).toContain('holds no NVIDIA key')
      expect(failure).toContain('NEXUS_MIGRATE_KEY_DIFFERS')
    })

    test.each([
      { of: 'no shared Secret', shared: undefined, code: 'NEXUS_MIGRATE_KEY_NOT_FOUND' },
      {
        of: 'a legacy key',
        shared: 'bGVnYWN5LWtleS1vZi1hbi1vcmdhbmlzYXRpb24tMDEyMw',
        code: 'NEXUS_MIGRATE_KEY_LEGACY',
      },
    ])('reuse fails with its own words: $of', async ({ shared, code }) => {
      const project = await oldProject({ deployed: false, shared })
      const failure = await failureOf(migrate({ project, key: REUSED }))
      expect(failure).toContain('--api-key-stdin')
      expect(failure).toContain(code)
    })

    test('a literal key is reused', async () => {
      const project = await oldProject({ deployed: false, shared: undefined })
      const env = [{ name: 'NGC_API_KEY', value: OWN_KEY }]
      const operations = [{ op: 'replace', path: '/spec/containers/0/env', value: env }] as const
      await kube.patch(runtimeRef(project), { type: 'json', operations })
      const { result, events } = await migrate({ project, key: REUSED })
      expect(await keysOf(project)).toEqual({ 'nim-api-key-llama': OWN_KEY, 'nim-image-pull-llama': OWN_KEY })
      expect(JSON.stringify([result.plan.patch, events])).not.toContain('nvapi-')
    })

    test('logins of a mirror move along', async () => {
      const project = await oldProject({ deployed: false })
      const auths = { 'nvcr.io': { password: SHARED_KEY }, 'mirror:5000': { auth: btoa('me:secret') } }
      const body = { data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) } }
      await kube.patch({ kind: Kinds.Secret, name: 'ngc-secret', namespace: project }, { type: 'merge', body })
      await migrate({ project, key: GIVEN })
      const pull = await kube.get({ kind: Kinds.Secret, name: 'nim-image-pull-llama', namespace: project })
      const config: unknown = JSON.parse(atob(pull.data?.['.dockerconfigjson'] ?? ''))
      expect(config).toMatchObject({
        auths: { 'nvcr.io': { password: OWN_KEY }, 'mirror:5000': { auth: btoa('me:secret') } },
      })
    })

    test.each<{ check: KeyCheck; goesOn: boolean }>([
      { check: { outcome: 'invalid' }, goesOn: false },
      { check: { outcome: 'forbidden' }, goesOn: false },
      { check: { outcome: 'rate-limited' }, goesOn: true },
      { check: { outcome: 'unavailable', status: 503 }, goesOn: true },
      { check: { outcome: 'unreachable', host: 'api.ngc.nvidia.com', cause: new Error('no route') }, goesOn: true },
    ])('NVIDIA says $check.outcome, the migration goes on: $goesOn', async ({ check, goesOn }) => {
      const project = await oldProject({ deployed: false })
      const migration = migrate({ project, key: GIVEN }, { checkKey: () => Promise.resolve(check) })
      if (!goesOn) {
        await expect(migration).rejects.toThrow(/NVIDIA/)
        expect(Object.keys(await keysOf(project))).toEqual(['ngc-secret', 'nvidia-nim-secrets'])
        return
      }
      const { events } = await migration
      expect(events.map(({ type }) => type)).toContain('key-not-checked')
    })
  })

  test.each([
    { name: 'lama', code: 'NEXUS_MIGRATE_NOT_FOUND', hint: 'Did you mean llama?' },
    { name: 'plain', code: 'NEXUS_MIGRATE_NO_KEY_VARIABLE', hint: 'kubectl get servingruntime plain' },
  ])('"$name" is refused', async ({ name, code, hint }) => {
    const project = await oldProject({ deployed: false })
    const plain = oldServingRuntime('plain', project)
    await kube.create({ ...plain, spec: { ...plain.spec, containers: [{ name: 'kserve-container' }] } })
    const failure = await failureOf(migrate({ project, name, key: GIVEN }))
    expect(failure).toContain(hint)
    expect(failure).toContain(code)
  })

  test.each([
    { of: 'an old deployment', byHand: false },
    { of: 'Secrets made by hand, which get an owner', byHand: true },
  ])(
    'every write may fail, be lost or be the last, the same call finishes it: $of',
    async ({ byHand }) => {
      const prepared = async (): Promise<string> => {
        const project = await oldProject({ deployed: false })
        const names = ['nim-api-key-llama', 'nim-image-pull-llama']
        const secrets = byHand ? sharedSecrets(project, OWN_KEY) : []
        for (const [at, secret] of secrets.entries()) {
          await kube.create({ ...secret, metadata: { name: names[at] ?? '', namespace: project } })
        }
        return project
      }
      const first = await prepared()
      proxy.restart()
      await migrate({ project: first, key: GIVEN }, { kube: throughProxy })
      const writes = writesSeen()
      expect(writes).toHaveLength(3)
      for (const write of writes.keys()) {
        for (const fault of ['refused', 'lost-answer', 'reset', 'down'] as const) {
          const project = await prepared()
          proxy.restart({ write, fault })
          const spoiled = await failureOf(migrate({ project, key: GIVEN }, { kube: throughProxy }))
          expect(spoiled, `${fault} of ${writes[write]}`).toContain('NEXUS_MIGRATE_INCOMPLETE')
          proxy.restart()
          await migrate({ project, key: GIVEN }, { kube: throughProxy })
          expect(await keysOf(project)).toEqual({
            'nim-api-key-llama': OWN_KEY,
            'nim-image-pull-llama': OWN_KEY,
            'nvidia-nim-secrets': SHARED_KEY,
            'ngc-secret': SHARED_KEY,
          })
          proxy.restart()
          expect((await migrate({ project }, { kube: throughProxy })).result.outcome).toBe('unchanged')
          expect(writesSeen()).toEqual([])
        }
      }
    },
    60_000,
  )

  test.each(['refused', 'lost-answer', 'reset', 'down'] as const)(
    'the restart, where one is needed, may end with %s: the same call finishes it',
    async (fault) => {
      const project = await oldProject()
      proxy.restart({ write: 3, fault })
      await failureOf(migrate({ project, key: GIVEN }, { kube: throughProxy, adoptionMs: 200 }))
      proxy.restart()
      const stop = followRuntime(project, 'llama', ['llama'])
      await migrate({ project }, { kube: throughProxy })
      await stop()
      expect((await kube.get(deploymentRef(project))).spec.template.spec.imagePullSecrets).toEqual([
        { name: 'nim-image-pull-llama' },
      ])
      expect((await migrate({ project })).result.outcome).toBe('unchanged')
    },
  )

  test('somebody who writes in between loses nothing', async () => {
    const project = await oldProject({ deployed: false })
    const operations = [{ op: 'add', path: '/spec/containers/0/env/0', value: { name: 'LATE', value: '1' } }] as const
    let isLate = false
    const racing: KubeClient = {
      ...kube,
      // Between the rehearsal and the write: the variable that is replaced is at another place then.
      async patch(ref, patch, options) {
        if (options?.dryRun === undefined && !isLate) {
          isLate = true
          await kube.patch(runtimeRef(project), { type: 'json', operations })
        }
        return kube.patch(ref, patch, options)
      },
    }
    await migrate({ project, key: GIVEN }, { kube: racing })
    expect((await kube.get(runtimeRef(project))).spec.containers[0]?.env?.map(({ name }) => name)).toEqual([
      'LATE',
      'NIM_CACHE_PATH',
      'NGC_API_KEY',
    ])
    expect((await migrate({ project })).result.outcome).toBe('unchanged')
  })

  test.each([
    { status: 403, reason: 'Forbidden' },
    { status: 400, reason: 'admission webhook "policy" denied the request' },
  ])('a write that the cluster refuses is found before the first: $reason', async ({ status, reason }) => {
    const project = await oldProject({ deployed: false })
    const refusing: KubeClient = { ...kube, patch: () => Promise.reject(refusal(status, reason)) }
    const failure = await failureOf(migrate({ project, key: GIVEN }, { kube: refusing }))
    expect(failure).toContain('NEXUS_MIGRATE_REFUSED')
    expect(failure).toContain(reason)
    expect(Object.keys(await keysOf(project))).toEqual(['ngc-secret', 'nvidia-nim-secrets'])
  })

  test.each([
    { conflicts: 4, ends: 'migrated' },
    { conflicts: 5, ends: 'NEXUS_MIGRATE_INCOMPLETE' },
  ])('$conflicts conflicts in a row end as $ends', async ({ conflicts, ends }) => {
    const project = await oldProject({ deployed: false })
    let left = conflicts
    const stormy: KubeClient = {
      ...kube,
      patch: (ref, patch, options) => {
        const isConflict = options?.dryRun === undefined && (left -= 1) >= 0
        return isConflict ? Promise.reject(refusal(409, 'Conflict')) : kube.patch(ref, patch, options)
      },
    }
    const attempt = migrate({ project, key: GIVEN }, { kube: stormy })
    if (ends === 'migrated') expect((await attempt).result.outcome).toBe(ends)
    else expect(await failureOf(attempt)).toContain(ends)
    await migrate({ project, key: GIVEN })
    expect((await migrate({ project })).result.outcome).toBe('unchanged')
  })

  test('a namespace is shown with what each deployment needs', async () => {
    const project = await oldProject({ deployed: false })
    for (const name of ['done', 'half', 'bare']) await kube.create(oldServingRuntime(name, project))
    await migrate({ project, name: 'done', key: REUSED })
    await migrate({ project, name: 'half', key: REUSED })
    await kube.delete({ kind: Kinds.Secret, name: 'nim-api-key-half', namespace: project })
    const plan = await planNamespaceMigration(kube, project)
    expect(plan.map(({ name, state }) => [name, state])).toEqual([
      ['bare', 'shared'],
      ['done', 'own'],
      ['half', 'partly'],
      ['llama', 'shared'],
    ])
  })

  interface OldProject {
    readonly runtime?: string
    readonly services?: readonly string[]
    readonly deployed?: boolean
    readonly replicas?: number
    readonly shared?: string | undefined
    readonly annotations?: Record<string, string>
  }

  /** A namespace with one old-style deployment. */
  async function oldProject(options: OldProject = {}): Promise<string> {
    const { runtime = 'llama', services = ['llama'], deployed = true, replicas = 0, annotations = {} } = options
    const project = await freshProject(kube)
    const shared = 'shared' in options ? options.shared : SHARED_KEY
    if (shared !== undefined) for (const secret of sharedSecrets(project, shared)) await kube.create(secret)
    const served = await kube.create(oldServingRuntime(runtime, project))
    for (const name of services) {
      const isvc = oldInferenceService(name, project, runtime)
      await kube.create({ ...isvc, metadata: { ...isvc.metadata, annotations } })
      const deployment = predictorDeployment(name, served)
      if (deployed) await kube.create({ ...deployment, spec: { ...deployment.spec, replicas } })
    }
    return project
  }

  /** Does what KServe does since v0.16: gives a changed ServingRuntime to the Deployments. Returns what ends it. */
  function followRuntime(project: string, runtime: string, services: readonly string[]): () => Promise<void> {
    const stop = new AbortController()
    const following = (async () => {
      const query = { kind: Kinds.ServingRuntime, namespace: project, fieldSelector: `metadata.name=${runtime}` }
      for await (const event of kube.watch(query, { signal: stop.signal })) {
        if (event.type === 'SYNCED') continue
        for (const name of services) {
          const { template } = predictorDeployment(name, event.object).spec
          await kube.patch(deploymentRef(project, name), { type: 'merge', body: { spec: { template } } })
        }
      }
    })()
    return async () => {
      stop.abort()
      await following
    }
  }

  async function migrate(
    { project, name = 'llama', ...request }: { project: string; name?: string } & Partial<Omit<MigrateRequest, 'name'>>,
    { onEvent, ...deps }: Partial<MigrateDeps> & { onEvent?: (event: MigrateEvent) => unknown } = {},
  ): Promise<{ result: MigrateResult; events: MigrateEvent[] }> {
    const events: MigrateEvent[] = []
    const result = await migrateNIMDeployment(
      { name, project, ...request },
      {
        kube,
        keySetBy: 'ada',
        checkKey: () => Promise.resolve({ outcome: 'valid' }),
        report: (event) => {
          events.push(event)
          onEvent?.(event)
        },
        ...deps,
      },
    )
    return { result, events }
  }

  function writesSeen(): string[] {
    return proxy.requests.filter(({ isWrite }) => isWrite).map(({ method, path }) => `${method} ${path}`)
  }

  /** The key in every Secret of a namespace. */
  async function keysOf(namespace: string): Promise<Record<string, string | undefined>> {
    const { items } = await kube.list({ kind: Kinds.Secret, namespace })
    return Object.fromEntries(items.map((secret) => [secret.metadata.name, keyIn(secret)]))
  }
})

function refusal(status: number, reason: string): KubeApiError {
  const request = { method: 'PATCH', path: '/' }
  return new KubeApiError('NEXUS_KUBE_REFUSED', `patching ServingRuntime: ${reason}`, { status, reason, request })
}

function keyIn({ data = {} }: Secret): string | undefined {
  const text = atob(data['NGC_API_KEY'] ?? data['.dockerconfigjson'] ?? '')
  return /nvapi-[\w-]+/.exec(text)?.[0]
}

function runtimeRef(namespace: string, name = 'llama'): ReturnType<typeof refTo<ServingRuntime>> {
  return refTo(Kinds.ServingRuntime, { name, namespace })
}

function deploymentRef(namespace: string, name = 'llama'): ReturnType<typeof refTo<Deployment>> {
  return refTo(Kinds.Deployment, { name: `${name}-predictor`, namespace })
}

/** An old spec with what a migration writes, and no other difference. */
function replaced(spec: ServingRuntime['spec']): unknown {
  const text = JSON.stringify(spec)
  const moved: unknown = JSON.parse(
    text.replace('nvidia-nim-secrets', 'nim-api-key-llama').replace('ngc-secret', 'nim-image-pull-llama'),
  )
  const httpGet = { path: '/v1/health/ready', port: 8000 }
  const readinessProbe = { httpGet, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 }
  return z
    .looseObject({ containers: z.array(z.looseObject({})) })
    .transform(({ containers, ...rest }) => ({
      ...rest,
      containers: containers.map((container) => ({ ...container, readinessProbe })),
    }))
    .parse(moved)
}
