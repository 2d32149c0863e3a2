import { inspect } from 'node:util'
import { KubeApiError, Kinds } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import { hasControlPlane, startFaultProxy } from '@nexus/kube/testing'
import type { FaultProxy } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectToTestCluster, freshProject } from '../../testing/cluster.ts'
import type { TestCluster } from '../../testing/cluster.ts'
import { startTestPredictor } from '../../testing/predictor.ts'
import { createRotatable, OTHER_REGISTRY, stateOf } from '../../testing/rotatable.ts'
import type { RotatableState } from '../../testing/rotatable.ts'
import type { RotateDeps } from './deps.ts'
import { RotateError } from './errors.ts'
import type { RotationEvent } from './progress.ts'
import { resumeNIMKeyRotation, rotateNIMKey, undoNIMKeyRotation } from './rotate.ts'

const OLD = 'nvapi-test-old-0123456789abcd'
const NEW = 'nvapi-test-new-9876543210zyxw'
const ID = 'rot-1'

const before: RotatableState = {
  apiKey: OLD,
  password: OLD,
  hints: ['abcd', 'abcd'],
  open: false,
  mark: undefined,
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
}
const after: RotatableState = { ...before, apiKey: NEW, password: NEW, hints: ['zyxw', 'zyxw'], mark: ID }

describe.skipIf(!hasControlPlane())('a rotation on a real API server', () => {
  let cluster: TestCluster
  let kube: KubeClient

  beforeAll(async () => {
    cluster = await connectToTestCluster({ controllers: false })
    kube = cluster.kube
  }, 60_000)

  afterAll(async () => {
    await cluster?.kube.close()
  })

  async function rotatable(): Promise<{ name: string; project: string }> {
    const project = await freshProject(kube)
    await createRotatable(kube, project, OLD)
    return { name: 'llama', project }
  }

  test('writes both Secrets, replaces the pods once, asks the deployment, and forgets the old key', async () => {
    const ref = await rotatable()
    await using predictor = await startTestPredictor(kube, ref)
    const events: RotationEvent[] = []
    const verified: string[] = []
    const result = await rotateNIMKey(ref, NEW, {
      ...deps(kube),
      report: (event) => events.push(event),
      verify: ({ name }) => {
        verified.push(name)
        return Promise.resolve()
      },
    })
    expect(result).toEqual({ outcome: 'rotated', id: ID, deployment: 'llama', restarted: true })
    expect(await stateOf(kube, ref.project)).toEqual(after)
    expect(predictor.rollouts).toEqual([{ 'nexus.dev/key-rotation': ID }])
    expect(verified).toEqual(['llama'])
    expect(typesOf(events)).toEqual([
      'key-checked',
      'rollout-planned',
      'opened',
      'written',
      'written',
      'restarting',
      'rolled-out',
      'verified',
      'closed',
    ])
    expect(JSON.stringify(events)).not.toMatch(/old-0123|new-9876/)
  })

  test('leaves everything else that the Secrets hold', async () => {
    const ref = await rotatable()
    await rotateNIMKey(ref, NEW, deps(kube))
    const data = async (name: string): Promise<Record<string, string>> =>
      (await kube.get({ kind: Kinds.Secret, name, namespace: ref.project })).data ?? {}
    expect(await data('nim-api-key-llama')).toEqual({ NGC_API_KEY: btoa(NEW), api_key: btoa(NEW), region: btoa('eu') })
    const config: unknown = JSON.parse(atob((await data('nim-image-pull-llama'))['.dockerconfigjson'] ?? ''))
    expect(config).toEqual({
      auths: {
        'nvcr.io': { username: '$oauthtoken', password: NEW, auth: btoa(`$oauthtoken:${NEW}`) },
        'registry.example.com': OTHER_REGISTRY,
      },
    })
  })

  test('to the key that is there writes nothing, and neither does a dry run', async () => {
    const ref = await rotatable()
    await using predictor = await startTestPredictor(kube, ref)
    await using proxy = await startFaultProxy(cluster.access)
    await through(proxy, async (client) => {
      expect(await rotateNIMKey(ref, OLD, deps(client))).toEqual({ outcome: 'unchanged' })
      expect(await rotateNIMKey(ref, NEW, deps(client), { dryRun: true })).toMatchObject({
        outcome: 'planned',
        strategy: 'rolling',
        rollout: { outcome: 'interrupts' },
      })
    })
    expect(proxy.requests.filter(({ isWrite }) => isWrite)).toEqual([])
    expect(await stateOf(kube, ref.project)).toEqual(before)
    expect(predictor.rollouts).toEqual([])
  })

  test('does not begin where the new copy would wait for ever, and says what each way out costs', async () => {
    const ref = await rotatable()
    await using predictor = await startTestPredictor(kube, ref)
    await useRollingUpdate(kube, ref.project)
    const refused = await refusalOf(rotateNIMKey(ref, NEW, deps(kube)))
    expect(refused.code).toBe('NEXUS_ROTATE_NO_ROOM')
    expect(refused.message).toContain('No second copy fits beside the first')
    expect(refused.hint).toContain('--strategy recreate: Nobody who uses it is answered until a new copy is ready.')
    expect(await stateOf(kube, ref.project)).toEqual(before)
    const strategies: unknown[] = []
    const verify = async (): Promise<void> => {
      strategies.push((await stateOf(kube, ref.project)).strategy)
    }
    await rotateNIMKey(ref, NEW, { ...deps(kube), verify }, { strategy: 'recreate' })
    expect(strategies).toEqual([{ type: 'Recreate' }])
    expect(await stateOf(kube, ref.project)).toEqual(after)
    expect(predictor.rollouts).toHaveLength(1)
  })

  test('asks for a choice where the caller may not see whether a copy fits', async () => {
    const ref = await rotatable()
    await using _ = await startTestPredictor(kube, ref)
    await useRollingUpdate(kube, ref.project)
    const request = { method: 'GET', path: '/api/v1/nodes' }
    const answer = { status: 403, reason: 'Forbidden', request }
    const blind: KubeClient = {
      ...kube,
      list: (query, options) =>
        query.kind.kind === 'Node'
          ? Promise.reject(new KubeApiError('NEXUS_KUBE_REFUSED', 'listing nodes: forbidden', answer))
          : kube.list(query, options),
    }
    const refused = await refusalOf(rotateNIMKey(ref, NEW, deps(blind)))
    expect(refused.code).toBe('NEXUS_ROTATE_NO_ROOM')
    expect(refused.message).toContain('you may not see the nodes of this cluster')
    expect(refused.hint).toContain('--strategy rolling')
    expect(await rotateNIMKey(ref, NEW, deps(blind), { strategy: 'rolling' })).toMatchObject({ outcome: 'rotated' })
  })

  test('of a stopped deployment restarts nothing', async () => {
    const ref = await rotatable()
    const events: RotationEvent[] = []
    const report = (event: RotationEvent): unknown => events.push(event)
    const never = (): Promise<void> => Promise.reject(new Error('asked'))
    const result = await rotateNIMKey(ref, NEW, { ...deps(kube), report, verify: never })
    expect(result).toEqual({ outcome: 'rotated', id: ID, deployment: 'llama', restarted: false })
    expect(typesOf(events)).toContain('not-running')
    expect(await stateOf(kube, ref.project)).toEqual({ ...after, mark: undefined })
  })

  test('whose deployment does not answer keeps the old key, and can be undone or gone on with', async () => {
    const ref = await rotatable()
    await using predictor = await startTestPredictor(kube, ref)
    const mute = (): Promise<void> => Promise.reject(new Error('HTTP 503'))
    await expect(rotateNIMKey(ref, NEW, { ...deps(kube), verify: mute })).rejects.toMatchObject({
      code: 'NEXUS_ROTATE_NOT_VERIFIED',
      message: 'llama does not answer: HTTP 503',
      hint: `Go on: nexus rotate-key --resume ${ID} -n ${ref.project}\nPut the old key back: nexus rotate-key --undo ${ID} -n ${ref.project}`,
    })
    expect(await stateOf(kube, ref.project)).toEqual({ ...after, open: true })
    await expect(rotateNIMKey(ref, 'nvapi-test-third-01234567', deps(kube))).rejects.toMatchObject({
      code: 'NEXUS_ROTATE_ALREADY_OPEN',
    })
    expect(await undoNIMKeyRotation({ id: ID, project: ref.project }, deps(kube))).toEqual({
      outcome: 'undone',
      id: ID,
      deployment: 'llama',
      restarted: true,
    })
    expect(await stateOf(kube, ref.project)).toEqual(before)
    expect(predictor.rollouts).toEqual([{ 'nexus.dev/key-rotation': ID }, {}])
    await expect(rotateNIMKey(ref, NEW, { ...deps(kube), verify: mute })).rejects.toThrow('503')
    expect(await resumeNIMKeyRotation({ id: ID, project: ref.project }, deps(kube))).toMatchObject({
      outcome: 'rotated',
    })
    expect(await stateOf(kube, ref.project)).toEqual(after)
    expect(predictor.rollouts).toHaveLength(3)
  })

  test('that is not open can be neither resumed nor undone', async () => {
    const ref = await rotatable()
    for (const end of [resumeNIMKeyRotation, undoNIMKeyRotation]) {
      await expect(end({ id: 'rot-0', project: ref.project }, deps(kube))).rejects.toMatchObject({
        code: 'NEXUS_ROTATE_NOT_FOUND',
      })
    }
  })

  test('whose pods do not become ready says so, and so does one that is broken off', async () => {
    const ref = await rotatable()
    await using _ = await startTestPredictor(kube, { ...ref, isReady: () => false })
    const late = await refusalOf(rotateNIMKey(ref, NEW, { ...deps(kube), timeoutMs: 300 }))
    expect(late.code).toBe('NEXUS_ROTATE_NOT_READY')
    expect(late.message).toContain('1 of 1 copies are new')
    const stop = new AbortController()
    const report = ({ type }: RotationEvent): void => {
      if (type === 'waiting') stop.abort()
    }
    await expect(rotateNIMKey(ref, NEW, { ...deps(kube), report, signal: stop.signal })).rejects.toMatchObject({
      code: 'NEXUS_ROTATE_ABORTED',
    })
    expect(await stateOf(kube, ref.project)).toEqual({ ...after, open: true })
  })

  test('is refused for Secrets that others share', async () => {
    const ref = await rotatable()
    const shared = [{ op: 'replace' as const, path: '/spec/imagePullSecrets/0/name', value: 'ngc-secret' }]
    await kube.patch(
      { kind: Kinds.ServingRuntime, name: 'llama', namespace: ref.project },
      { type: 'json', operations: shared },
    )
    const refused = await refusalOf(rotateNIMKey(ref, NEW, deps(kube)))
    expect(refused.code).toBe('NEXUS_ROTATE_NOT_OWN_SECRETS')
    expect(refused.message).toBe('The key of llama cannot be rotated: it pulls its image with ngc-secret.')
    expect(refused.hint).toContain(`nexus migrate -n ${ref.project} -d llama`)
  })

  test('is refused as a whole where the server would refuse a part', async () => {
    const ref = await rotatable()
    const { kind, name, namespace } = apiKeyRef(ref.project)
    await kube.patch({ kind, name, namespace }, { type: 'merge', body: { immutable: true } })
    const refused = await refusalOf(rotateNIMKey(ref, NEW, deps(kube)))
    expect(refused.code).toBe('NEXUS_ROTATE_REFUSED')
    expect(refused.message).toContain('immutable')
    expect(refused.hint).toContain('Nothing was written')
    expect(await stateOf(kube, ref.project)).toEqual(before)
  })

  test('names the others that read the same Secrets', async () => {
    const ref = await rotatable()
    const { metadata: _, ...llama } = await kube.get({
      kind: Kinds.InferenceService,
      name: 'llama',
      namespace: ref.project,
    })
    await kube.create({ ...llama, metadata: { name: 'second', namespace: ref.project } })
    const events: RotationEvent[] = []
    await rotateNIMKey(ref, NEW, { ...deps(kube), report: (event) => events.push(event) })
    expect(events).toContainEqual({ type: 'also-used-by', deployments: ['second'] })
  })

  test('that is asked for again while it is open and to the same key goes on, unless it is a dry run', async () => {
    const ref = await rotatable()
    await cutOff(ref, { fault: 'refused', write: 1 })
    const refused = await refusalOf(rotateNIMKey(ref, NEW, deps(kube), { dryRun: true }))
    expect(refused.message).toBe(`Rotation ${ID} of llama to this key is open.`)
    expect(await rotateNIMKey(ref, NEW, deps(kube))).toMatchObject({ outcome: 'rotated', id: ID })
  })

  test('does not overwrite a key that somebody else has written meanwhile', async () => {
    const ref = await rotatable()
    const theirs = { NGC_API_KEY: btoa('nvapi-test-theirs-012345') }
    const report = async ({ type }: RotationEvent): Promise<void> => {
      if (type === 'opened') await kube.patch(apiKeyRef(ref.project), { type: 'merge', body: { data: theirs } })
    }
    const pending: Promise<void>[] = []
    // The write is waited for by the client's next request, which is sent through the same proxy after it.
    const slow: KubeClient = {
      ...kube,
      get: async (wanted, options) => {
        await Promise.all(pending)
        return kube.get(wanted, options)
      },
    }
    const attempt = rotateNIMKey(ref, NEW, { ...deps(slow), report: (event) => pending.push(report(event)) })
    await expect(attempt).rejects.toMatchObject({ code: 'NEXUS_ROTATE_SECRET_CHANGED' })
    expect(await stateOf(kube, ref.project)).toMatchObject({ apiKey: 'nvapi-test-theirs-012345', open: true })
  })

  test('that two people begin at once is begun once', async () => {
    const ref = await rotatable()
    const keys = [NEW, 'nvapi-test-third-01234567']
    const ended = await Promise.allSettled(
      keys.map((key, index) => rotateNIMKey(ref, key, { ...deps(kube), rotationId: `rot-${index}` })),
    )
    const refused = ended.filter(({ status }) => status === 'rejected')
    // One after the other is possible, too; a mixture of both keys is not.
    expect(refused.length).toBeLessThan(2)
    const state = await stateOf(kube, ref.project)
    expect(state.password).toBe(state.apiKey)
    expect(state.open).toBe(false)
  })

  const faults = ['refused', 'lost-answer', 'reset', 'down', 'denied'] as const
  const crashes = faults.flatMap((fault) => [0, 1, 2, 3, 4, 5].map((write) => ({ fault, write })))

  test.each(crashes)(
    'cut off at write $write ($fault) loses no key, and the same command again ends it',
    async ({ fault, write }) => {
      const ref = await rotatable()
      await using predictor = await startTestPredictor(kube, ref)
      const state = await cutOff(ref, { fault, write })
      // It has not begun, or has ended, or keeps the old key.
      if (!state.open) expect([before, after]).toContainEqual(state)
      const again = await rotateNIMKey(ref, NEW, deps(kube), { strategy: 'recreate' })
      expect(['rotated', 'unchanged']).toContain(again.outcome)
      expect(await stateOf(kube, ref.project)).toEqual(after)
      expect(predictor.rollouts).toEqual([{ 'nexus.dev/key-rotation': ID }])
    },
  )

  test.each(crashes)(
    'cut off at write $write ($fault) can be undone where it is open, and undoing can be cut off, too',
    async ({ fault, write }) => {
      const ref = await rotatable()
      await using _ = await startTestPredictor(kube, ref)
      const { open } = await cutOff(ref, { fault, write })
      if (!open) return
      const where = { id: ID, project: ref.project }
      for (const failing of [0, 1, 2, 3, 4, 5]) {
        await using proxy = await startFaultProxy(cluster.access, { write: failing, fault: 'lost-answer' })
        await through(proxy, (client) => undoNIMKeyRotation(where, deps(client)).catch(() => {}))
      }
      await undoNIMKeyRotation(where, deps(kube)).catch((thrown: unknown) =>
        expect(thrown).toMatchObject({ code: 'NEXUS_ROTATE_NOT_FOUND' }),
      )
      expect(await stateOf(kube, ref.project)).toEqual(before)
    },
  )

  async function cutOff(
    ref: { name: string; project: string },
    { fault, write }: (typeof crashes)[number],
  ): Promise<RotatableState> {
    await using proxy = await startFaultProxy(cluster.access, { write, fault })
    const attempt = through(proxy, (client) => rotateNIMKey(ref, NEW, deps(client), { strategy: 'recreate' }))
    const thrown: unknown = await attempt.catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'NEXUS_ROTATE_FAILED' })
    expect(inspect(thrown, { depth: 9 })).not.toMatch(/old-0123|new-9876/)
    const state = await stateOf(kube, ref.project)
    return state
  }

  test('gets through a storm of conflicts', async () => {
    const ref = await rotatable()
    await using proxy = await startFaultProxy(cluster.access, { write: 1, fault: 'conflict', times: 5 })
    await through(proxy, (client) => rotateNIMKey(ref, NEW, deps(client)))
    expect(await stateOf(kube, ref.project)).toEqual({ ...after, mark: undefined })
  })

  async function through<T>({ access }: FaultProxy, use: (client: KubeClient) => Promise<T>): Promise<T> {
    const client = createNodeKubeClient(access)
    try {
      return await use(client)
    } finally {
      await client.close()
    }
  }
})

function deps(kube: KubeClient): RotateDeps {
  return { kube, keySetBy: 'ada', rotationId: ID, checkKey: () => Promise.resolve({ outcome: 'valid' }) }
}

/** The error that an attempt ends with. */
async function refusalOf(attempt: Promise<unknown>): Promise<RotateError> {
  const thrown: unknown = await attempt.catch((error: unknown) => error)
  if (thrown instanceof RotateError) return thrown
  throw new Error('it was not refused', { cause: thrown })
}

function typesOf(events: readonly RotationEvent[]): string[] {
  return events.map(({ type }) => type).filter((type) => type !== 'waiting')
}

function apiKeyRef(namespace: string): { kind: typeof Kinds.Secret; name: string; namespace: string } {
  return { kind: Kinds.Secret, name: 'nim-api-key-llama', namespace }
}

/** With a second copy beside the first, for which no node is, whatever nodes other tests have brought. */
async function useRollingUpdate(kube: KubeClient, namespace: string): Promise<void> {
  const ref = { kind: Kinds.Deployment, name: 'llama-predictor', namespace }
  const template = { spec: { nodeSelector: { 'no-node': 'has-this' } } }
  const strategy = { type: 'RollingUpdate', rollingUpdate: null }
  await kube.patch(ref, { type: 'merge', body: { spec: { strategy, template } } })
}
