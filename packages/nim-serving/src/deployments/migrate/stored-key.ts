import { SecretText } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient, ObjectMeta, Secret } from '@nexus/kube'
import { z } from 'zod'
import { getOrUndefined } from '../existing.ts'

/** The registry that NVIDIA's keys open. */
export const NVIDIA_REGISTRY = 'nvcr.io'

/** A Secret as a migration sees it: what it is called, and the key in it, wrapped so that nothing prints it. */
export interface StoredKey {
  readonly metadata: ObjectMeta
  /** Undefined where the Secret holds none. */
  readonly key: SecretText | undefined
  /** Credentials of a pull Secret for other registries, e.g. a mirror; they move along. */
  readonly otherRegistries: Readonly<Record<string, SecretText>>
}

/** Reads the Secret of an NVIDIA key; of its data nothing but the key and other registries' credentials is kept. */
export async function fetchStoredKey(
  kube: KubeClient,
  { name, namespace, dataKey }: { name: string; namespace: string; dataKey: string },
  options?: CallOptions,
): Promise<StoredKey | undefined> {
  const secret = await getOrUndefined(kube, { kind: Kinds.Secret, name, namespace }, options)
  return secret === undefined ? undefined : readStoredKey(secret, dataKey)
}

function readStoredKey({ metadata, data = {} }: Secret, dataKey: string): StoredKey {
  const docker = data['.dockerconfigjson']
  if (docker === undefined) {
    const text = decode(data[dataKey])?.trim()
    return { metadata, key: text ? new SecretText(text) : undefined, otherRegistries: {} }
  }
  const registries = Object.entries(parseRegistries(decode(docker) ?? ''))
  const own = registries.find(([host]) => hostOf(host) === NVIDIA_REGISTRY)?.[1]
  const password = own?.password ?? decode(own?.auth)?.replace(/^[^:]*:/, '')
  const others = registries.filter(([host]) => hostOf(host) !== NVIDIA_REGISTRY)
  return {
    metadata,
    key: password ? new SecretText(password) : undefined,
    otherRegistries: Object.fromEntries(others.map(([host, login]) => [host, new SecretText(JSON.stringify(login))])),
  }
}

const Login = z.looseObject({ password: z.string().optional(), auth: z.string().optional() })
const DockerConfig = z.object({ auths: z.record(z.string(), Login) })

/** A configuration that cannot be read holds no credentials. */
function parseRegistries(text: string): Record<string, z.infer<typeof Login>> {
  try {
    return DockerConfig.parse(JSON.parse(text)).auths
  } catch {
    return {}
  }
}

/** `https://nvcr.io/v1/` is a way to write `nvcr.io` that kubelets accept. */
function hostOf(registry: string): string {
  return registry.replace(/^https?:\/\//, '').split('/')[0] ?? registry
}

/** Base64 that cannot be read holds nothing. */
function decode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    return atob(text)
  } catch {
    return undefined
  }
}

/** A docker configuration with the logins of further registries. */
export function withRegistries(config: string, others: StoredKey['otherRegistries']): string {
  const logins = Object.entries(others).map(([host, login]): [string, unknown] => [host, JSON.parse(login.reveal())])
  return JSON.stringify({ auths: { ...Object.fromEntries(logins), ...parseRegistries(config) } })
}
