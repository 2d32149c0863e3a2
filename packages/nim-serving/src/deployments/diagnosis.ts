import type { ContainerStatus, Event, PersistentVolumeClaim, Pod } from '@nexus/kube'
import { KEY_PAGE } from '../keys/parse.ts'

/** What holds a pod up, or what it is doing. */
export interface Diagnosis {
  /**
   * `Pending`: waits for the cluster and goes on by itself. `Failed`: somebody has to change something about the
   * deployment first.
   */
  readonly phase: 'Pending' | 'Pulling' | 'Starting' | 'Ready' | 'Failed'
  readonly reason: string
  readonly hint: string
}

export interface DiagnosisContext {
  /** The deployment's name. */
  readonly name: string
  readonly namespace: string
  /** The PVC of the weights. */
  readonly pvc: PersistentVolumeClaim | undefined
  /** Events about the deployment's objects, where somebody has read them. */
  readonly events: readonly Event[]
  readonly now: Date
}

/** Image pulls that end so do not mend themselves as long as image, key and registry stay. */
const PULL_FAILURES = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])
const CONFIG_FAILURES = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])

/** Why a pod is where it is: first its volume and its node, then its image, then its container. */
export function diagnosePod(pod: Pod, context: DiagnosisContext): Diagnosis {
  const describe = `kubectl describe pod ${pod.metadata.name} -n ${context.namespace}`
  const scheduled = condition(pod, 'PodScheduled')
  if (scheduled?.status === 'False') return diagnoseUnscheduled(scheduled.message ?? '', describe, context)
  if (pod.status?.phase === 'Failed') return diagnoseFailedPod(pod, describe)
  if (condition(pod, 'Ready')?.status === 'True') return { phase: 'Ready', reason: 'It answers.', hint: '' }
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  const trouble = containers.find(({ ready }) => !ready)
  if (trouble !== undefined) return diagnoseContainer(pod, trouble, context)
  if (scheduled === undefined) return { phase: 'Pending', reason: 'The pod waits for a node.', hint: describe }
  if (containers.length > 0) return diagnoseLostNode(pod)
  return diagnoseCreating(pod, context)
}

function diagnoseUnscheduled(message: string, describe: string, { pvc, name, namespace }: DiagnosisContext): Diagnosis {
  const notFound = /persistentvolumeclaim "([^"]+)" not found/.exec(message)
  if (notFound !== null) {
    return {
      phase: 'Failed',
      reason: `The PVC "${notFound[1]}" does not exist.`,
      hint: `Deploy again with the same inputs, which adds what is missing (nexus deploy), or see what there is: kubectl get pvc -n ${namespace}`,
    }
  }
  if (
    /unbound immediate PersistentVolumeClaims|volume node affinity|PersistentVolume's node affinity|available persistent volumes/.test(
      message,
    )
  ) {
    return diagnosePVC(pvc, namespace) ?? { phase: 'Pending', reason: message, hint: describe }
  }
  if (/Insufficient nvidia\.com\/gpu/.test(message)) {
    const hint = `Free a GPU, add a node, or ask for fewer (nexus edit ${name} -n ${namespace} --gpu N): kubectl describe nodes | grep nvidia.com/gpu`
    return { phase: 'Pending', reason: `No node has enough free GPUs: ${message}`, hint }
  }
  if (/Insufficient (cpu|memory)/.test(message)) {
    return { phase: 'Pending', reason: `No node has enough CPU or memory: ${message}`, hint: 'kubectl describe nodes' }
  }
  if (/taint|node selector|node affinity/.test(message)) {
    return { phase: 'Pending', reason: `No node admits this pod: ${message}`, hint: 'kubectl describe nodes' }
  }
  return { phase: 'Pending', reason: `No node takes this pod: ${message}`, hint: describe }
}

/** Why a PVC holds a deployment up, or undefined where it does not. */
export function diagnosePVC(pvc: PersistentVolumeClaim | undefined, namespace: string): Diagnosis | undefined {
  if (pvc === undefined || pvc.status?.phase === 'Bound') return undefined
  const { name } = pvc.metadata
  const hint = `kubectl describe pvc ${name} -n ${namespace}`
  if (pvc.status?.phase === 'Lost') {
    return { phase: 'Failed', reason: `The volume behind PVC "${name}" is gone.`, hint }
  }
  const { storageClassName } = pvc.spec
  const from = storageClassName === undefined ? 'the default storage class' : `storage class "${storageClassName}"`
  return { phase: 'Pending', reason: `PVC "${name}" waits for a volume of ${from}.`, hint }
}

function diagnoseFailedPod(pod: Pod, describe: string): Diagnosis {
  const { reason = 'it ended', message } = pod.status ?? {}
  return { phase: 'Failed', reason: `The pod failed: ${message ?? reason}`, hint: describe }
}

function diagnoseContainer(pod: Pod, container: ContainerStatus, context: DiagnosisContext): Diagnosis {
  const { waiting, running, terminated } = container.state ?? {}
  const reason = waiting?.reason ?? ''
  if (PULL_FAILURES.has(reason)) return diagnosePull(container, waiting?.message ?? reason, pod, context)
  if (CONFIG_FAILURES.has(reason)) return diagnoseConfig(pod, waiting?.message ?? reason, context)
  if (reason === 'CrashLoopBackOff' || terminated !== undefined) return diagnoseCrash(pod, container, context)
  if (running !== undefined) return diagnoseStarting(container, pod, context)
  return diagnoseCreating(pod, context)
}

function diagnosePull({ image }: ContainerStatus, message: string, pod: Pod, context: DiagnosisContext): Diagnosis {
  const hint = `kubectl describe pod ${pod.metadata.name} -n ${context.namespace}`
  if (isLegalBlock(message)) return legalBlock(`the image ${image}`)
  const missing = missingPullSecret(pod, context)
  if (missing !== undefined) return missingSecret(missing, 'to pull the image with')
  if (/\b(401|403|unauthorized|forbidden|denied|authentication required)\b/i.test(message)) {
    return {
      phase: 'Failed',
      reason: `The registry does not give ${image} to this key: ${message}`,
      hint: newKey(context),
    }
  }
  if (/not found|manifest unknown/i.test(message)) {
    const { name, namespace } = context
    return {
      phase: 'Failed',
      reason: `The registry has no ${image}.`,
      hint: `Choose another tag (nexus catalog show MODEL): nexus edit ${name} -n ${namespace} --model :TAG`,
    }
  }
  return { phase: 'Failed', reason: `The image cannot be pulled: ${message}`, hint }
}

/** The kubelet names pull Secrets that it cannot find in an event, and then tries without them. */
function missingPullSecret(pod: Pod, { events }: DiagnosisContext): string | undefined {
  const event = events.findLast(
    ({ reason, involvedObject }) =>
      reason === 'FailedToRetrieveImagePullSecret' && involvedObject.name === pod.metadata.name,
  )
  return /\(([^)]+)\)/.exec(event?.message ?? '')?.[1]
}

function missingSecret(secret: string, what: string): Diagnosis {
  const hint = 'Deploy again with the same inputs and the key, which adds what is missing: nexus deploy'
  return { phase: 'Failed', reason: `The Secret "${secret}" ${what} does not exist.`, hint }
}

/** NVIDIA or its registry does not take the key: only another one helps. */
function newKey({ name, namespace }: DiagnosisContext): string {
  return `Get a key that is valid and entitled to the model from ${KEY_PAGE}, then: nexus rotate-key ${name} -n ${namespace} --api-key-stdin`
}

function diagnoseConfig(pod: Pod, message: string, { namespace }: DiagnosisContext): Diagnosis {
  const secret = /secret "([^"]+)" not found/.exec(message)
  if (secret !== null) return missingSecret(secret[1] ?? '', 'with the key')
  const hint = `kubectl describe pod ${pod.metadata.name} -n ${namespace}`
  return { phase: 'Failed', reason: `The container cannot be started: ${message}`, hint }
}

function diagnoseCrash(pod: Pod, container: ContainerStatus, context: DiagnosisContext): Diagnosis {
  const { namespace } = context
  const ended = container.state?.terminated ?? container.lastState?.terminated
  const said = ended?.message ?? ''
  if (isLegalBlock(said)) return legalBlock('the weights of this model')
  if (/NGC_API_KEY|\b401\b|unauthorized|authentication/i.test(said)) {
    return { phase: 'Failed', reason: `NVIDIA does not accept the key: ${said.trim()}`, hint: newKey(context) }
  }
  const hint = `kubectl logs ${pod.metadata.name} -n ${namespace} --previous`
  if (ended?.reason === 'OOMKilled') {
    return { phase: 'Failed', reason: 'The container ran out of memory; it needs a higher limit.', hint }
  }
  const how = ended === undefined ? '' : `, last with exit code ${ended.exitCode}`
  const words = said.trim() === '' ? '' : `: ${said.trim()}`
  const reason = `The container ended ${times(container.restartCount + 1)}${how}${words}.`
  return { phase: 'Failed', reason, hint }
}

/** The startup probe runs while a NIM downloads and loads its model, which takes from seconds to an hour. */
function diagnoseStarting(container: ContainerStatus, pod: Pod, { namespace, now }: DiagnosisContext): Diagnosis {
  const minutes = minutesSince(container.state?.running?.startedAt, now)
  const since = minutes < 1 ? '' : ` for ${minutes} min`
  const again = container.restartCount === 0 ? '' : ` It was restarted ${times(container.restartCount)}.`
  const what = container.started === true ? 'not ready to answer' : 'downloading or loading its model'
  const hint = `kubectl logs -f ${pod.metadata.name} -n ${namespace}`
  return { phase: 'Starting', reason: `The container runs${since} and is ${what}.${again}`, hint }
}

function diagnoseCreating(pod: Pod, { pvc, events, name, namespace }: DiagnosisContext): Diagnosis {
  const hint = `kubectl describe pod ${pod.metadata.name} -n ${namespace}`
  const about = events.filter(({ involvedObject }) => involvedObject.name === pod.metadata.name)
  const mount = about.findLast(({ reason }) => reason === 'FailedMount' || reason === 'FailedAttachVolume')
  const waiting = diagnosePVC(pvc, namespace)
  if (waiting !== undefined) return waiting
  if (mount !== undefined) return diagnoseMount(mount.message ?? '', hint, { name, namespace })
  const image = pod.spec.containers[0]?.image ?? ''
  return { phase: 'Pulling', reason: `The node fetches ${image}; NIM images have several gigabytes.`, hint }
}

/** A volume that one node may mount waits for the pod of another node to end, which in a rolling update it never does. */
function diagnoseMount(
  message: string,
  hint: string,
  { name, namespace }: Pick<DiagnosisContext, 'name' | 'namespace'>,
): Diagnosis {
  if (!/Multi-Attach/i.test(message)) {
    return { phase: 'Pending', reason: `A volume is not mounted yet: ${message}`, hint }
  }
  const reason = `Its volume is still mounted on another node: ${message}`
  return { phase: 'Pending', reason, hint: `nexus edit ${name} -n ${namespace} --strategy recreate` }
}

/** Every container is ready and the pod is not: the control plane says so of pods whose node it does not hear of. */
function diagnoseLostNode({ spec }: Pod): Diagnosis {
  const node = spec.nodeName ?? ''
  return { phase: 'Pending', reason: `Its node ${node} does not answer.`, hint: `kubectl describe node ${node}`.trim() }
}

/** HTTP 451: not available in this region for legal reasons. It comes at the image or, later, at the weights. */
function isLegalBlock(text: string): boolean {
  return /\b451\b|unavailable for legal reasons/i.test(text)
}

function legalBlock(what: string): Diagnosis {
  return {
    phase: 'Failed',
    reason: `NVIDIA does not offer ${what} in this region (HTTP 451).`,
    hint: 'Deploy another model: nexus catalog list',
  }
}

function condition(pod: Pod, type: string): { status: string; message?: string } | undefined {
  return pod.status?.conditions?.find((candidate) => candidate.type === type)
}

function minutesSince(time: string | undefined, now: Date): number {
  return time === undefined ? 0 : Math.floor((now.getTime() - Date.parse(time)) / 60_000)
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
