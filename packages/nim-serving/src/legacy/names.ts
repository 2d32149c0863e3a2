import { Kinds } from '@nexus/kube'
import type { Kind, KubeObject } from '@nexus/kube'
import { LegacyKinds } from './kinds.ts'
import type { Account } from './kinds.ts'

/** Where an object may be; every namespace when left out. */
export interface GeneratedName {
  readonly kind: Kind
  readonly name: string
  readonly namespace?: string | undefined
}

/** The Secret with the admin's key that a dashboard made for its Account. */
export const KEY_SECRET = 'nvidia-nim-access'

/** What platforms before Accounts, and early drafts of this one, made under fixed names. */
export const LEFTOVERS: readonly GeneratedName[] = [
  { kind: Kinds.ConfigMap, name: 'nvidia-nim-validation-result' },
  { kind: Kinds.ConfigMap, name: 'nvidia-nim-images-data' },
  { kind: Kinds.ConfigMap, name: 'nvidia-nim-models-data' },
  { kind: Kinds.Secret, name: 'nvidia-nim-image-pull' },
  { kind: LegacyKinds.Template, name: 'nvidia-nim-serving-template' },
  { kind: LegacyKinds.Template, name: 'nvidia-nim-http-template' },
  { kind: LegacyKinds.Template, name: 'nvidia-nim-runtime-http' },
]

/** What ships with this platform: never a leftover, whatever refers to it. */
export const SHIPPED = ['nim-models-data', 'nim-http-template']

/**
 * What was made for an Account, by the references of its status and by the names that its controller derived: a controller
 * that was stopped has emptied the status.
 */
export function generatedNames({ metadata, spec, status }: Account): GeneratedName[] {
  const { name } = metadata
  const namespace = metadata.namespace ?? ''
  const parts = [
    { kind: Kinds.ConfigMap, names: [`${name}-cm`, status?.nimConfig?.name] },
    { kind: LegacyKinds.Template, names: [`${name}-template`, status?.runtimeTemplate?.name] },
    { kind: Kinds.Secret, names: [`${name}-pull`, status?.nimPullSecret?.name] },
  ]
  const key = spec?.apiKeySecret
  return [
    ...parts.flatMap(({ kind, names }) =>
      names.filter((one) => one !== undefined).map((one) => ({ kind, name: one, namespace })),
    ),
    ...(key?.name === KEY_SECRET
      ? [{ kind: Kinds.Secret, name: KEY_SECRET, namespace: key.namespace ?? namespace }]
      : []),
  ]
}

/** The names of the Secrets of a namespace. */
export function secretNamesOf(secrets: readonly KubeObject[], namespace: string): string[] {
  return secrets.filter(({ metadata }) => (metadata.namespace ?? '') === namespace).map(({ metadata }) => metadata.name)
}
