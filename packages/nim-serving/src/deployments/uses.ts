import type { InferenceService, KubeObject, Pod, PodSpec, ServingRuntime } from '@nexus/kube'
import { INFERENCE_SERVICE_LABEL, runtimeNameOf } from '../api/InferenceService.ts'
import { usersOf } from './migrate/usage.ts'

/** What belongs to one deployment, and is therefore no other user of its parts. */
export interface Owned {
  readonly deployment: string
  /** Of its InferenceService, which owns what KServe makes of it. */
  readonly uid: string | undefined
  /** Its ServingRuntime, undefined where another InferenceService runs on it, too. */
  readonly runtime: string | undefined
}

/** The objects of a namespace that may use a Secret or a PVC. */
export interface Users {
  readonly services: readonly InferenceService[]
  readonly runtimes: readonly ServingRuntime[]
  readonly pods: readonly Pod[]
  readonly others: readonly KubeObject[]
}

/** ServingRuntimes that other InferenceServices run on: name of the runtime → its user. */
export function runtimeUsers(services: readonly InferenceService[], deployment: string): Map<string, string> {
  const others = services.filter(({ metadata }) => metadata.name !== deployment)
  return new Map(
    others.flatMap((isvc) => {
      const used = runtimeNameOf(isvc)
      return used === undefined ? [] : [[used, `InferenceService ${isvc.metadata.name}`] as const]
    }),
  )
}

/** Who else uses a Secret, undefined where nobody does. Pods are named last: what makes them says more. */
export function secretUsers(users: Users, owned: Owned, secret: string): string | undefined {
  const foreign = othersOf(users, owned)
  const [user] = usersOf([...foreign.services, ...foreign.runtimes, ...foreign.others, ...foreign.pods], [secret])
  return user === undefined ? undefined : nameOf(user.kind, user.name, foreign)
}

/** PVCs that others use: name of the PVC → its user. */
export function claimUsers(users: Users, owned: Owned): Map<string, string> {
  const foreign = othersOf(users, owned)
  const mounts = [
    ...foreign.pods.map((pod) => ({ kind: 'Pod', name: pod.metadata.name, spec: pod.spec })),
    ...foreign.others.flatMap((object) => {
      const spec = templateOf(object)
      return spec === undefined ? [] : [{ kind: object.kind, name: object.metadata.name, spec }]
    }),
    ...foreign.runtimes.map(({ metadata, spec }) => ({ kind: 'ServingRuntime', name: metadata.name, spec })),
    ...foreign.services.map(({ metadata, spec }) => ({
      kind: 'InferenceService',
      name: metadata.name,
      spec: spec.predictor,
    })),
  ]
  return new Map(
    mounts.flatMap(({ kind, name, spec }) =>
      claimsOf(spec).map((claim) => [claim, nameOf(kind, name, foreign)] as const),
    ),
  )
}

function othersOf({ services, runtimes, pods, others }: Users, owned: Owned): Users {
  const isForeign = ({ metadata }: KubeObject): boolean =>
    metadata.labels?.[INFERENCE_SERVICE_LABEL] !== owned.deployment &&
    !(owned.uid !== undefined && metadata.ownerReferences?.some(({ uid }) => uid === owned.uid))
  return {
    services: services.filter(({ metadata }) => metadata.name !== owned.deployment),
    runtimes: runtimes.filter(({ metadata }) => metadata.name !== owned.runtime),
    pods: pods.filter(isForeign),
    others: others.filter(isForeign),
  }
}

/** A runtime is used by whoever runs on it, and that is what people know. */
function nameOf(kind: string, name: string, { services }: Users): string {
  const runner = kind === 'ServingRuntime' ? services.find((isvc) => runtimeNameOf(isvc) === name) : undefined
  return runner === undefined ? `${kind} ${name}` : `InferenceService ${runner.metadata.name}`
}

function claimsOf({ volumes = [] }: Pick<Partial<PodSpec>, 'volumes'>): string[] {
  return volumes
    .map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName)
    .filter((name) => name !== undefined)
}

/** The pod template of a Deployment and its like. */
function templateOf(object: KubeObject): Pick<Partial<PodSpec>, 'volumes'> | undefined {
  const volumes = fieldOf(fieldOf(fieldOf(fieldOf(object, 'spec'), 'template'), 'spec'), 'volumes')
  return Array.isArray(volumes) ? { volumes: volumes.filter(isVolume) } : undefined
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function isVolume(value: unknown): value is NonNullable<PodSpec['volumes']>[number] {
  return typeof fieldOf(value, 'name') === 'string'
}
