import type { KubeObject } from '@nexus/kube'

/** A place in an object that names a Secret. */
export interface SecretPlace {
  readonly secret: string
  /** `spec.containers[0].env[1].valueFrom.secretKeyRef.name` */
  readonly path: string
}

/**
 * Every text in `value` that is one of these names. Pure. A Secret is named in many ways (variables, `envFrom`, pull
 * Secrets, volumes, projected volumes, fields of kinds we do not know): whether a Secret can go is better answered by one
 * place too many than by one too few.
 */
export function placesOf(value: unknown, names: readonly string[], path = 'spec'): SecretPlace[] {
  if (typeof value === 'string') return names.includes(value) ? [{ secret: value, path }] : []
  if (Array.isArray(value)) return value.flatMap((item, index) => placesOf(item, names, `${path}[${index}]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([field, inner]) =>
    placesOf(inner, names, path === '' ? field : `${path}.${field}`),
  )
}

/** An object that uses a Secret. */
export interface SecretUser extends SecretPlace {
  readonly kind: string
  readonly name: string
}

/** The objects that use one of these Secrets. Pure. A pod that has ended, or is about to, needs its Secrets no longer. */
export function usersOf(objects: readonly KubeObject[], names: readonly string[]): SecretUser[] {
  return objects
    .filter((object) => !(object.kind === 'Pod' && isOver(object)))
    .flatMap((object) => {
      const { kind, metadata } = object
      const content = Object.entries(object).filter(([field]) => field !== 'metadata' && field !== 'status')
      return placesOf(Object.fromEntries(content), names, '').map((place) => ({ kind, name: metadata.name, ...place }))
    })
}

function isOver(pod: KubeObject & { status?: { phase?: unknown } }): boolean {
  const { phase } = pod.status ?? {}
  return pod.metadata.deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed'
}
