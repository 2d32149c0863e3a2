import { Kinds, startInformer } from '@nexus/kube'
import type { Informer, InformerOptions, KubeClient, KubeObject } from '@nexus/kube'
import { runtimeNameOf } from '../api/InferenceService.ts'
import { cacheClaimName } from '../api/ServingRuntime.ts'
import type { DeploymentRef } from '../types.ts'
import { eventsAbout, notFound, podsOf } from './list.ts'
import { deploymentState } from './state.ts'
import type { DeploymentState } from './state.ts'

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined
  /** Default the present. */
  readonly now?: (() => Date) | undefined
}

/**
 * A deployment's state now, then each time it becomes another, until the deployment is gone, `signal` aborts or the loop
 * is left. The caller decides which state to wait for and how long.
 *
 * `for await (const state of watchNIMDeployment(kube, ref, { signal })) if (state.phase === 'Ready') break`
 * @throws DeployError `NEXUS_DEPLOY_NOT_FOUND`; KubeApiError where a watch ends for good.
 */
export async function* watchNIMDeployment(
  kube: KubeClient,
  ref: DeploymentRef,
  { signal, now = () => new Date() }: WatchOptions = {},
): AsyncGenerator<DeploymentState, void> {
  const left = new AbortController()
  const bell = new Bell()
  const ends = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal])
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  ends.addEventListener('abort', () => bell.ring(), { once: true })
  const view = followDeployment(kube, ref, { signal: ends, onError: (error) => failed.reject(error) })
  try {
    await Promise.race([view.synced, failed.promise])
    for (const informer of view.informers) informer.onChange(() => bell.ring())
    if (view.state(now()) === undefined) throw await notFound(kube, ref, { signal })
    yield* states(() => (ends.aborted ? undefined : view.state(now())), bell, failed.promise)
  } catch (cause) {
    // A caller that gives up has ended the loop, not broken it.
    if (!ends.aborted) throw cause
  } finally {
    left.abort()
    await Promise.all(view.informers.map(({ stopped }) => stopped))
  }
}

async function* states(
  read: () => DeploymentState | undefined,
  bell: Bell,
  failed: Promise<never>,
): AsyncGenerator<DeploymentState, void> {
  let shown = ''
  for (;;) {
    const rung = bell.next()
    const state = read()
    if (state === undefined) return
    const text = JSON.stringify(state)
    if (text !== shown) yield state
    shown = text
    await Promise.race([rung, failed])
  }
}

/** Wakes whoever waits for the next ring; rings that nobody waits for are forgotten. */
class Bell {
  #next = Promise.withResolvers<void>()

  next(): Promise<void> {
    return this.#next.promise
  }

  ring(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }
}

interface DeploymentView {
  readonly synced: Promise<unknown>
  readonly informers: readonly Pick<Informer<KubeObject>, 'onChange' | 'stopped'>[]
  /** Undefined: there is no such deployment. */
  state(now: Date): DeploymentState | undefined
}

function followDeployment(
  kube: KubeClient,
  { name, project: namespace }: DeploymentRef,
  options: InformerOptions,
): DeploymentView {
  const { signal } = options
  const services = startInformer(
    kube,
    { kind: Kinds.InferenceService, namespace, fieldSelector: `metadata.name=${name}` },
    options,
  )
  const runtimes = startInformer(kube, { kind: Kinds.ServingRuntime, namespace }, options)
  const claims = startInformer(kube, { kind: Kinds.PersistentVolumeClaim, namespace }, options)
  const pods = startInformer(kube, podsOf(name, namespace), options)
  // Events only make a reason more exact: someone who may not read them can still wait for a deployment.
  const events = startInformer(kube, { kind: Kinds.Event, namespace }, { signal })
  return {
    synced: Promise.all([services.synced, runtimes.synced, claims.synced, pods.synced]),
    informers: [services, runtimes, claims, pods, events],
    state(now) {
      const isvc = services.get(name, namespace)
      if (isvc === undefined) return undefined
      const runtime = runtimes.get(runtimeNameOf(isvc) ?? '', namespace)
      const pvc = claims.get((runtime && cacheClaimName(runtime)) ?? '', namespace)
      const about = eventsAbout(events.list(), name)
      return deploymentState({ isvc, runtime, pvc, pods: pods.list(), events: about, now })
    },
  }
}
