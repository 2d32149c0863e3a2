import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { ConfigMap, Container, KubeClient, Kind, KubeObject, Secret } from '@nexus/kube'

/** The Secrets and ConfigMaps that a container's variables refer to, as far as they exist. */
export interface References {
  readonly secrets: ReadonlyMap<string, Secret>
  readonly configMaps: ReadonlyMap<string, ConfigMap>
}

/** Reads each Secret and ConfigMap that the variables of `container` name. */
export async function fetchReferences(kube: KubeClient, container: Container, namespace: string): Promise<References> {
  const [secrets, configMaps] = await Promise.all([
    fetchAll(kube, Kinds.Secret, secretNames(container), namespace),
    fetchAll(kube, Kinds.ConfigMap, configMapNames(container), namespace),
  ])
  return { secrets, configMaps }
}

function secretNames({ env = [], envFrom = [] }: Container): string[] {
  return [
    ...envFrom.flatMap(({ secretRef }) => secretRef?.name ?? []),
    ...env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
  ]
}

function configMapNames({ env = [], envFrom = [] }: Container): string[] {
  return [
    ...envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? []),
    ...env.flatMap(({ valueFrom }) => valueFrom?.configMapKeyRef?.name ?? []),
  ]
}

async function fetchAll<T extends KubeObject>(
  kube: KubeClient,
  kind: Kind<T>,
  names: readonly string[],
  namespace: string,
): Promise<Map<string, T>> {
  const found = new Map<string, T>()
  for (const name of new Set(names)) {
    const object = await kube.get(refTo(kind, { name, namespace })).catch((error: unknown) => {
      if (isNotFound(error)) return undefined
      throw error
    })
    if (object !== undefined) found.set(name, object)
  }
  return found
}
