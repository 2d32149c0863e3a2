import { parseQuantity } from '@nexus/kube'
import type { ConfigMap, Container, EnvVar, EnvVarSource, Pod, Secret } from '@nexus/kube'
import { expandVariables } from './expand.ts'

/** What a container's variables may refer to. */
export interface EnvironmentSources {
  readonly pod: Pod
  readonly podIP: string
  readonly hostIP: string
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
  if (valueFrom.fieldRef) return fieldValue(valueFrom.fieldRef.fieldPath, sources)
  if (valueFrom.resourceFieldRef) return resourceValue(valueFrom.resourceFieldRef, container, sources)
  return undefined
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

/** The fields of the downward API: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */
function fieldValue(fieldPath: string, { pod, podIP, hostIP }: EnvironmentSources): string {
  const { metadata, spec } = pod
  const [, group, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath) ?? []
  if (key !== undefined) return (group === 'labels' ? metadata.labels : metadata.annotations)?.[key] ?? ''
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': podIP,
    'status.podIPs': podIP,
    'status.hostIP': hostIP,
    'status.hostIPs': hostIP,
  }
  const value = fields[fieldPath]
  if (value === undefined) throw new ConfigError(`unsupported fieldPath: ${fieldPath}`)
  return value
}

function resourceValue(
  { resource, containerName, divisor = '1' }: NonNullable<EnvVarSource['resourceFieldRef']>,
  container: Container,
  { pod }: EnvironmentSources,
): string {
  const source =
    containerName === undefined ? container : pod.spec.containers.find(({ name }) => name === containerName)
  const [kind, name = ''] = resource.split('.', 2)
  const amounts = kind === 'limits' ? source?.resources?.limits : source?.resources?.requests
  const parts = parseQuantity(divisor === '0' ? '1' : divisor).nanos
  const amount = parseQuantity(amounts?.[name] ?? '0').nanos
  // Rounded up: half a core is 1.
  return String((amount + parts - 1n) / parts)
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}
