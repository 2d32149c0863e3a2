import { isForbidden, Kinds } from '@nexus/kube'
import type { Event, KubeClient, ServingRuntime } from '@nexus/kube'
import { claimsToBeNIM, ENABLE_AUTH_ANNOTATION } from '../api/InferenceService.ts'
import { KEY_HINT_ANNOTATION, KEY_SET_BY_ANNOTATION } from '../api/metadata.ts'
import { cacheSubPath } from '../api/ServingRuntime.ts'
import type { DeploymentRef, HardwareProfileRef } from '../types.ts'
import { getOrUndefined } from './existing.ts'
import { extractHardwareProfile } from './extract.ts'
import { readNIMDeployment } from './list.ts'
import type { NIMDeployment, ReadOptions } from './list.ts'
import { keyVariablesOf } from './migrate/references.ts'
import { SHARED_KEY_SECRET } from './migrate/shared-secrets.ts'

/** What is known of a deployment's key, never the key. */
export interface KeyDetails {
  /** The Secret the container reads its key from. */
  readonly secret: string
  /** Whether all older deployments of the project use that Secret. */
  readonly shared: boolean
  /** `hidden`: the reader may not look at Secrets. */
  readonly found: 'present' | 'missing' | 'hidden'
  /** The last four characters of the key, where somebody wrote them down. */
  readonly hint: string | undefined
  /** Who set the key, where somebody wrote it down. */
  readonly setBy: string | undefined
}

/** The volume of the weights. */
export interface VolumeDetails {
  readonly pvc: string
  readonly phase: string
  /** What it has, else what it asks for. */
  readonly size: string | undefined
  readonly storageClass: string | undefined
  /** The folder of it that is used. */
  readonly subPath: string | undefined
}

/** Everything a person wants to know of one deployment. */
export interface NIMDeploymentDetails {
  readonly deployment: NIMDeployment
  /** Whether a bearer token is asked for. */
  readonly auth: boolean
  /** The ServingRuntime's name, also where it is gone. */
  readonly runtimeName: string | undefined
  /** Undefined where the container gets no key, as on clusters that collect none. */
  readonly key: KeyDetails | undefined
  readonly pullSecrets: readonly string[]
  readonly volume: VolumeDetails | undefined
  readonly hardwareProfile: HardwareProfileRef | undefined
  /** About its objects, in no order. */
  readonly events: readonly Event[]
}

/**
 * One NIM deployment with all that its objects tell, ours or an older dashboard's. Of Secrets only annotations are kept.
 * @throws as `getNIMDeployment`.
 */
export async function describeNIMDeployment(
  kube: KubeClient,
  ref: DeploymentRef,
  options: ReadOptions = {},
): Promise<NIMDeploymentDetails> {
  const { deployment, events } = await readNIMDeployment(kube, ref, options)
  const { isvc, runtime } = deployment
  return {
    deployment,
    auth: authOf(deployment),
    runtimeName: isvc.spec.predictor.model?.runtime,
    key: runtime && (await fetchKeyDetails(kube, runtime, options)),
    pullSecrets: (runtime?.spec.imagePullSecrets ?? []).map(({ name }) => name),
    volume: volumeOf(deployment),
    hardwareProfile: extractHardwareProfile(isvc),
    events,
  }
}

/** Where nothing is written, one older dashboard means on, the other off; only the former writes the type of the model. */
function authOf({ isvc }: NIMDeployment): boolean {
  const written = isvc.metadata.annotations?.[ENABLE_AUTH_ANNOTATION]
  return written === undefined ? claimsToBeNIM(isvc) : written === 'true'
}

function volumeOf({ pvc, pvcName, runtime }: NIMDeployment): VolumeDetails | undefined {
  if (pvcName === undefined) return undefined
  const size = pvc?.status?.capacity?.['storage'] ?? pvc?.spec.resources?.requests?.['storage']
  return {
    pvc: pvcName,
    phase: pvc === undefined ? 'missing' : (pvc.status?.phase ?? 'Pending'),
    size: size === undefined ? undefined : String(size),
    storageClass: pvc?.spec.storageClassName,
    subPath: runtime && cacheSubPath(runtime),
  }
}

async function fetchKeyDetails(
  kube: KubeClient,
  runtime: ServingRuntime,
  options: ReadOptions,
): Promise<KeyDetails | undefined> {
  const name = keyVariablesOf(runtime)
    .map(({ variable }) => variable.valueFrom?.secretKeyRef?.name)
    .find((secret) => secret !== undefined)
  if (name === undefined) return undefined
  const known = { secret: name, shared: name === SHARED_KEY_SECRET, hint: undefined, setBy: undefined }
  try {
    const ref = { kind: Kinds.Secret, name, namespace: runtime.metadata.namespace }
    const found = await getOrUndefined(kube, ref, { signal: options.signal })
    if (found === undefined) return { ...known, found: 'missing' }
    const { annotations = {} } = found.metadata
    const [hint, setBy] = [annotations[KEY_HINT_ANNOTATION], annotations[KEY_SET_BY_ANNOTATION]]
    return { ...known, found: 'present', hint, setBy }
  } catch (cause) {
    if (isForbidden(cause)) return { ...known, found: 'hidden' }
    throw cause
  }
}
