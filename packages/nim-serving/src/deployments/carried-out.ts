import { predictorName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { CallOptions, Deployment, EnvVar, KubeClient } from '@nexus/kube'
import { SERVING_CONTAINER } from '../api/ServingRuntime.ts'
import type { DeployInput, DeploymentRef } from '../types.ts'
import { openNIMDeployment } from './deployUtils.ts'
import { extractFormData } from './extract.ts'

/** How long KServe may take to act on an edit before it is no longer waited for; it takes milliseconds. */
const TIMEOUT_MS = 30_000

/**
 * Resolves when KServe has taken a deployment's inputs over into pods: until then, what an InferenceService says of itself
 * is about the inputs before an edit. Resolves at once where there is nothing to compare with (the deployment is stopped,
 * or KServe makes no Deployment for it), and after 30 s in any case. Rejects when `signal` aborts.
 * @throws DeployError, KubeApiError
 */
export async function waitUntilCarriedOut(
  kube: KubeClient,
  ref: DeploymentRef,
  options: CallOptions = {},
): Promise<void> {
  const input = extractFormData(await openNIMDeployment(kube, ref, options))
  const fieldSelector = `metadata.name=${predictorName(ref.name)}`
  const deadline = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal])
  let isThere = false
  for await (const event of kube.watch({ kind: Kinds.Deployment, namespace: ref.project, fieldSelector }, { signal })) {
    if (event.type === 'SYNCED') {
      if (!isThere) return
      continue
    }
    isThere = true
    if (event.type !== 'DELETED' && isCarriedOut(event.object, input)) return
  }
  options.signal?.throwIfAborted()
}

/** Whether a Deployment has made pods of the inputs. What KServe and others add to them does not matter. Pure. */
export function isCarriedOut({ metadata, spec, status = {} }: Deployment, input: DeployInput): boolean {
  const { containers } = spec.template.spec
  const server = containers.find(({ name }) => name === SERVING_CONTAINER) ?? containers[0]
  const { registry, model, tag } = input
  const isImage = tag === '' || server?.image === `${registry}/${model.namespace}/${model.name}:${tag}`
  const hasArgs = (server?.args ?? []).join('\n').endsWith(input.args.join('\n'))
  const variables = new Set((server?.env ?? []).map(envText))
  const hasEnv = input.env.every((variable) => variables.has(envText(variable)))
  const isSeen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  return isImage && hasArgs && hasEnv && isSeen && (status.updatedReplicas ?? 0) >= Math.min(1, spec.replicas ?? 1)
}

/** Servers fill in the details of a source. */
function envText({ name, value = '', valueFrom }: EnvVar): string {
  return JSON.stringify([name, value, valueFrom !== undefined])
}
