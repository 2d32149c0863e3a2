import { Kinds } from '@nexus/kube'
import type { Deployment, InferenceService, KubeClient } from '@nexus/kube'

/** Stands for KServe, the Deployment controller and the kubelet, for one deployment of a control plane without them. */
export interface TestPredictor extends AsyncDisposable {
  /** The annotations that the pods have had, one entry each time they were replaced. */
  readonly rollouts: readonly Record<string, string>[]
}

/**
 * Runs `<name>-predictor`, a Deployment of one copy that ends it before it starts another, and gives it what the
 * InferenceService says; `isReady: false` leaves every new copy unready.
 */
export async function startTestPredictor(
  kube: KubeClient,
  { name, project: namespace, isReady = () => true }: { name: string; project: string; isReady?: () => boolean },
): Promise<TestPredictor> {
  const life = new AbortController()
  const rollouts: Record<string, string>[] = []
  const ref = { kind: Kinds.Deployment, name: `${name}-predictor`, namespace }
  await kube.create(deploymentOf(name, namespace))
  const follow = async (isvc: InferenceService): Promise<void> => {
    const annotations = isvc.spec.predictor.annotations ?? {}
    const found = await kube.get(ref)
    if (JSON.stringify(found.spec.template.metadata?.annotations ?? {}) !== JSON.stringify(annotations)) {
      const template = { ...found.spec.template, metadata: { ...found.spec.template.metadata, annotations } }
      await kube.replace({ ...found, spec: { ...found.spec, template } })
      rollouts.push(annotations)
    }
    await reportStatus(kube, ref, isReady())
  }
  const isvcs = { kind: Kinds.InferenceService, namespace, fieldSelector: `metadata.name=${name}` }
  const running = (async () => {
    for await (const event of kube.watch(isvcs, { signal: life.signal })) {
      if (event.type === 'ADDED' || event.type === 'MODIFIED') await follow(event.object)
    }
  })()
  return {
    rollouts,
    async [Symbol.asyncDispose]() {
      life.abort()
      await running
    },
  }
}

async function reportStatus(
  kube: KubeClient,
  ref: { kind: typeof Kinds.Deployment; name: string; namespace: string },
  ready: boolean,
): Promise<void> {
  const { metadata } = await kube.get(ref)
  const copies = ready ? 1 : 0
  const status = {
    observedGeneration: metadata.generation,
    replicas: 1,
    updatedReplicas: 1,
    availableReplicas: copies,
    readyReplicas: copies,
  }
  await kube.patch(ref, { type: 'merge', body: { status } }, { subresource: 'status' })
}

function deploymentOf(name: string, namespace: string): Deployment {
  const app = `isvc.${name}-predictor`
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${name}-predictor`, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app } },
      strategy: { type: 'Recreate' },
      template: { metadata: { labels: { app } }, spec: { containers: [{ name: 'kserve-container', image: 'nim' }] } },
    },
  }
}
