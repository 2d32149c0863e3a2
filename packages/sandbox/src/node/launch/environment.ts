import type { ConfigMap, Container, EnvVar, EnvVarSource, Secret } from '@nexus/kube'
import { containerNamed, fieldValue, resourceValue } from './downward-fields.ts'
import type { DownwardSources } from './downward-fields.ts'
import { expandVariables } from './expand.ts'

/** What a container's variables may refer to. */
export interface EnvironmentSources extends DownwardSources {
  /** Undefined: there is no such Secret. */
  readonly secret: (name: string) => Secret | undefined
  readonly configMap: (name: string) => ConfigMap | undefined
}

/** A reference of a container leads nowhere. The message is the kubelet's. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * The variables of a container in Kubernetes order: `envFrom` in order, then `env` in order, later ones winning, `$(NAME)`
 * expanded from what came before. Values are as they are in the cluster: no mount path is rewritten yet.
 *
 * @throws ConfigError `secret "x" not found`, `couldn't find key k in Secret demo/x`
 */
export function assembleEnvironment(container: Container, sources: EnvironmentSources): Map<string, string> {
  const variables = new Map<string, string>()
  for (const from of container.envFrom ?? []) {
    const data = { ...configMapData(from.configMapRef, sources), ...secretData(from.secretRef, sources) }
    for (const [key, value] of Object.entries(data)) variables.set(`${from.prefix ?? ''}${key}`, value)
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, variables, container, sources)
    if (value !== undefined) variables.set(variable.name, value)
  }
  return variables
}

function valueOf(
  { value, valueFrom }: EnvVar,
  variables: ReadonlyMap<string, string>,
  container: Container,
  sources: EnvironmentSources,
): string | undefined {
  if (valueFrom === undefined) return expandVariables(value ?? '', variables)
  if (valueFrom.secretKeyRef) return secretValue(valueFrom.secretKeyRef, sources)
  if (valueFrom.configMapKeyRef) return configMapValue(valueFrom.configMapKeyRef, sources)
  if (valueFrom.fieldRef) return fieldOf(valueFrom.fieldRef.fieldPath, sources)
  if (valueFrom.resourceFieldRef === undefined) return undefined
  const { containerName } = valueFrom.resourceFieldRef
  const source = containerName === undefined ? container : containerNamed(sources.pod, containerName)
  return resourceValue(valueFrom.resourceFieldRef, source, sources.allocatable)
}

function secretData(ref: { name: string; optional?: boolean } | undefined, sources: EnvironmentSources): Data {
  if (ref === undefined) return {}
  const secret = sources.secret(ref.name)
  if (secret === undefined && ref.optional !== true) throw new ConfigError(`secret "${ref.name}" not found`)
  return Object.fromEntries(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decode(value)]))
}

function configMapData(ref: { name: string; optional?: boolean } | undefined, sources: EnvironmentSources): Data {
  if (ref === undefined) return {}
  const configMap = sources.configMap(ref.name)
  if (configMap === undefined && ref.optional !== true) throw new ConfigError(`configmap "${ref.name}" not found`)
  return configMap?.data ?? {}
}

type Data = Record<string, string>
type KeyRef = NonNullable<EnvVarSource['secretKeyRef']>

function secretValue(ref: KeyRef, sources: EnvironmentSources): string | undefined {
  const value = secretData(ref, sources)[ref.key]
  if (value !== undefined || ref.optional === true) return value
  throw new ConfigError(`couldn't find key ${ref.key} in Secret ${namespaceOf(sources)}/${ref.name}`)
}

function configMapValue(ref: KeyRef, sources: EnvironmentSources): string | undefined {
  const value = configMapData(ref, sources)[ref.key]
  if (value !== undefined || ref.optional === true) return value
  throw new ConfigError(`couldn't find key ${ref.key} in ConfigMap ${namespaceOf(sources)}/${ref.name}`)
}

function namespaceOf({ pod }: EnvironmentSources): string {
  return pod.metadata.namespace ?? 'default'
}

function fieldOf(fieldPath: string, sources: EnvironmentSources): string {
  // A map as a whole is for files.
  const value = /^metadata\.(labels|annotations)$/.test(fieldPath) ? undefined : fieldValue(fieldPath, sources)
  if (value === undefined) throw new ConfigError(`unsupported fieldPath: ${fieldPath}`)
  return value
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}
