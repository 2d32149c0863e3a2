import { Kinds, refTo } from '@nexus/kube'
import type { Deployment, HorizontalPodAutoscaler } from '@nexus/kube'
import { runReconciler, watching } from './runtime/controller.ts'
import type { ControllerContext } from './runtime/controller.ts'
import { isBeingDeleted, keyOf, parseKey } from './runtime/objects.ts'

/**
 * Keeps Deployments between the minimum and the maximum of their HorizontalPodAutoscaler. Without metrics that is all a real
 * autoscaler does, and it is how KServe's `minReplicas` reaches the pods.
 */
export async function runAutoscaler(context: ControllerContext): Promise<void> {
  const { informers, kube, events } = context
  const autoscalers = informers.of(Kinds.HorizontalPodAutoscaler)
  const deployments = informers.of(Kinds.Deployment)

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = parseKey(key)
    const autoscaler = autoscalers.get(name, namespace)
    if (autoscaler === undefined || isBeingDeleted(autoscaler)) return
    const deployment = deployments.get(autoscaler.spec.scaleTargetRef.name, namespace)
    if (deployment === undefined || isBeingDeleted(deployment)) return
    const replicas = boundedReplicas(autoscaler, deployment)
    if (replicas === (deployment.spec.replicas ?? 1)) return
    await kube.patch(refTo(Kinds.Deployment, deployment.metadata), { type: 'merge', body: { spec: { replicas } } })
    const message = `New size: ${replicas}; reason: Current number of replicas ${boundSaid(autoscaler, deployment)}`
    const component = 'horizontal-pod-autoscaler'
    events.record(autoscaler, { type: 'Normal', reason: 'SuccessfulRescale', message, component })
  }

  await runReconciler(context, {
    name: 'autoscaler',
    sources: [
      watching(autoscalers, (autoscaler) => [keyOf(autoscaler)]),
      watching(deployments, ({ metadata }) =>
        autoscalers
          .list({ namespace: metadata.namespace ?? '' })
          .filter(({ spec }) => spec.scaleTargetRef.kind === 'Deployment' && spec.scaleTargetRef.name === metadata.name)
          .map(keyOf),
      ),
    ],
    reconcile,
  })
}

/** Zero replicas switch autoscaling off (kubernetes pkg/controller/podautoscaler/horizontal.go, `reconcileAutoscaler`). */
export function boundedReplicas({ spec }: HorizontalPodAutoscaler, deployment: Deployment): number {
  const current = deployment.spec.replicas ?? 1
  if (spec.scaleTargetRef.kind !== 'Deployment' || current === 0) return current
  return Math.min(spec.maxReplicas, Math.max(spec.minReplicas ?? 1, current))
}

function boundSaid({ spec }: HorizontalPodAutoscaler, deployment: Deployment): string {
  const isAbove = (deployment.spec.replicas ?? 1) > spec.maxReplicas
  return isAbove ? 'above Spec.MaxReplicas' : 'below Spec.MinReplicas'
}
