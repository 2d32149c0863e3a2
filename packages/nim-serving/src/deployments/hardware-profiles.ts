import { messageOf, nearest } from '@nexus/core'
import { isForbidden, isNotFound, Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient } from '@nexus/kube'
import { parse } from 'yaml'
import { HardwareProfileKind, HardwareProfileSpec } from '../api/HardwareProfile.ts'
import { DeployError } from '../errors.ts'
import type { HardwareProfileRef } from '../types.ts'
import { getOrUndefined } from './existing.ts'
import { GPU } from './request-fields.ts'

/** The list of an admin on a cluster that has no HardwareProfiles: data key = name, value = a profile's `spec` as YAML. */
export const HARDWARE_PROFILES_CONFIG_MAP = 'nexus-hardware-profiles'

/** A profile and where it stands. */
export interface NamedHardwareProfile extends HardwareProfileRef {
  readonly spec: HardwareProfileSpec
}

/** Where profiles are looked for: those of the project come before those of the platform. */
export interface HardwareProfilePlaces {
  readonly project: string
  readonly platformNamespace: string
}

/** What a cluster offers where nobody has listed anything: one GPU or eight, on nodes that are kept for GPUs, too. */
const BUILT_IN: Readonly<Record<string, HardwareProfileSpec>> = {
  'nvidia-gpu': gpuProfile({ cpu: 4, memory: '16Gi', gpus: 1 }),
  'nvidia-gpu-large': gpuProfile({ cpu: 32, memory: '256Gi', gpus: 8 }),
}

function gpuProfile({ cpu, memory, gpus }: { cpu: number; memory: string; gpus: number }): HardwareProfileSpec {
  return {
    identifiers: [
      { displayName: 'CPU', identifier: 'cpu', minCount: 1, defaultCount: cpu },
      { displayName: 'Memory', identifier: 'memory', minCount: '2Gi', defaultCount: memory },
      { displayName: 'NVIDIA GPU', identifier: GPU, minCount: 1, defaultCount: gpus },
    ],
    scheduling: {
      type: 'Node',
      node: { tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }] },
    },
  }
}

/**
 * The profiles a deployment of the project may choose: the HardwareProfiles of the cluster where it has that kind, else the
 * ConfigMap `nexus-hardware-profiles` of the platform, else two of our own.
 * @throws DeployError `NEXUS_DEPLOY_PROFILE_INVALID` naming a list that cannot be read; KubeApiError.
 */
export async function listHardwareProfiles(
  kube: KubeClient,
  { project, platformNamespace }: HardwareProfilePlaces,
  options?: CallOptions,
): Promise<NamedHardwareProfile[]> {
  const namespaces = [...new Set([project, platformNamespace])]
  const listed = await Promise.all(namespaces.map((namespace) => listOnCluster(kube, namespace, options)))
  if (listed.some((profiles) => profiles !== undefined)) return listed.flatMap((profiles) => profiles ?? [])
  return ownProfiles(kube, platformNamespace, options)
}

/** One profile by its name. @throws DeployError `NEXUS_DEPLOY_PROFILE_NOT_FOUND` naming the nearest; KubeApiError. */
export async function fetchHardwareProfile(
  kube: KubeClient,
  { name, ...places }: HardwareProfilePlaces & { name: string },
  options?: CallOptions,
): Promise<NamedHardwareProfile> {
  const profiles = await listHardwareProfiles(kube, places, options)
  const found = profiles.find((profile) => profile.name === name)
  if (found !== undefined) return found
  const names = profiles.map((profile) => profile.name)
  const similar = nearest(name, names)
  const offered = names.length === 0 ? 'The cluster offers none.' : `There are: ${names.join(', ')}.`
  throw new DeployError('NEXUS_DEPLOY_PROFILE_NOT_FOUND', `There is no hardware profile "${name}".`, {
    hint: similar.length > 0 ? `Did you mean ${similar.join(' or ')}?` : offered,
  })
}

/** Undefined where the cluster has no such kind; it says 403 of a kind that it does not have to whoever has no rights. */
async function listOnCluster(
  kube: KubeClient,
  namespace: string,
  options?: CallOptions,
): Promise<NamedHardwareProfile[] | undefined> {
  try {
    const { items } = await kube.list({ kind: HardwareProfileKind, namespace }, options)
    return items.map(({ metadata, spec }) => ({
      name: metadata.name,
      namespace,
      resourceVersion: metadata.resourceVersion,
      spec: parseSpec(spec, `HardwareProfile ${namespace}/${metadata.name}`),
    }))
  } catch (cause) {
    if (isNotFound(cause) || isForbidden(cause)) return undefined
    throw cause
  }
}

async function ownProfiles(
  kube: KubeClient,
  namespace: string,
  options?: CallOptions,
): Promise<NamedHardwareProfile[]> {
  const ref = { kind: Kinds.ConfigMap, name: HARDWARE_PROFILES_CONFIG_MAP, namespace }
  const listed = await getOrUndefined(kube, ref, options)
  if (listed === undefined) return Object.entries(BUILT_IN).map(([name, spec]) => ({ name, namespace, spec }))
  const { resourceVersion } = listed.metadata
  return Object.entries(listed.data ?? {}).map(([name, text]) => ({
    name,
    namespace,
    resourceVersion,
    spec: parseSpec(parseText(text, name), `"${name}" of ConfigMap ${namespace}/${HARDWARE_PROFILES_CONFIG_MAP}`),
  }))
}

function parseText(text: string, name: string): unknown {
  try {
    const value: unknown = parse(text)
    return value
  } catch (cause) {
    throw invalidProfile(`"${name}" of ConfigMap ${HARDWARE_PROFILES_CONFIG_MAP}`, messageOf(cause))
  }
}

function parseSpec(value: unknown, what: string): HardwareProfileSpec {
  const parsed = HardwareProfileSpec.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw invalidProfile(what, problems.join('; '))
}

function invalidProfile(what: string, problem: string): DeployError {
  return new DeployError('NEXUS_DEPLOY_PROFILE_INVALID', `${what} is no hardware profile: ${problem}.`, {
    hint: 'Ask the cluster admin to correct it, or deploy without a profile.',
  })
}
