import { isRecord, listAt, recordAt } from '../objects/fields.ts'
import { dropEmpty, dropEmptyLists } from './empty.ts'
import { canonicalQuantities } from './quantity.ts'

type Fields = Record<string, unknown>

/** `hostNetwork`: the ports of such a pod are ports of its node. */
export function defaultContainer(container: Fields, hostNetwork: boolean): void {
  dropEmptyLists(container)
  container['terminationMessagePath'] ??= '/dev/termination-log'
  container['terminationMessagePolicy'] ??= 'File'
  container['imagePullPolicy'] ??= pullPolicyOf(container['image'])
  const resources = recordAt(container, 'resources')
  dropEmpty(resources, 'limits', 'requests')
  canonicalQuantities(resources, 'limits', 'requests')
  for (const port of listAt(container, 'ports')) if (isRecord(port)) defaultPort(port, hostNetwork)
  for (const env of listAt(container, 'env')) if (isRecord(env)) defaultEnv(env)
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(container[probe])
  const { lifecycle } = container
  if (isRecord(lifecycle)) for (const hook of Object.values(lifecycle)) if (isRecord(hook)) defaultHttpGet(hook)
}

/** `Always` for `:latest` and for no tag at all, because such a name can mean another image tomorrow. */
function pullPolicyOf(image: unknown): string {
  if (typeof image !== 'string' || image.includes('@')) return 'IfNotPresent'
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function defaultPort(port: Fields, hostNetwork: boolean): void {
  port['protocol'] ??= 'TCP'
  if (hostNetwork) port['hostPort'] ??= port['containerPort']
}

function defaultEnv(env: Fields): void {
  dropEmpty(env, 'value')
  const { valueFrom } = env
  if (isRecord(valueFrom)) defaultFieldRef(valueFrom)
}

/** The version of the field path in `fieldRef`, and the unit of a resource. */
export function defaultFieldRef(source: Fields): void {
  const { fieldRef, resourceFieldRef } = source
  if (isRecord(fieldRef)) fieldRef['apiVersion'] ??= 'v1'
  if (isRecord(resourceFieldRef)) resourceFieldRef['divisor'] ??= '0'
}

function defaultProbe(probe: unknown): void {
  if (!isRecord(probe)) return
  // Zero counts as left out, as everywhere in the API where a field is no pointer.
  probe['timeoutSeconds'] ||= 1
  probe['periodSeconds'] ||= 10
  probe['successThreshold'] ||= 1
  probe['failureThreshold'] ||= 3
  defaultHttpGet(probe)
  const { grpc } = probe
  if (isRecord(grpc)) grpc['service'] ??= ''
}

function defaultHttpGet(handler: Fields): void {
  const { httpGet } = handler
  if (!isRecord(httpGet)) return
  httpGet['path'] ||= '/'
  httpGet['scheme'] ||= 'HTTP'
}
