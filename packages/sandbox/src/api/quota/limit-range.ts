import type { Call } from '../cluster.ts'
import { StatusError } from '../status.ts'
import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, recordAt, stringAt } from '../objects/fields.ts'
import { compareAmounts } from '../objects/quantity.ts'
import { formatAmount } from './amounts.ts'
import { podAmounts } from './usage.ts'

const LIMIT_RANGES = 'limitranges'
const ANNOTATION = 'kubernetes.io/limit-ranger'

/** Gives the containers of a new pod what the namespace's limit ranges say for those that say nothing. */
export function applyLimitDefaults(pod: ApiObject, call: Call): void {
  const rules = rulesOf(call, 'Container')
  if (rules.length === 0) return
  const said = ['initContainers', 'containers'].flatMap((list) => {
    const what = list === 'containers' ? 'container' : 'init container'
    return listAt(pod, 'spec', list).flatMap((container) =>
      isRecord(container) ? rules.flatMap((rule) => completed(container, rule, what)) : [],
    )
  })
  if (said.length === 0) return
  pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${said.join('; ')}` }
}

/** What was added to a container, in the words of the annotation that tells of it. */
function completed(container: Record<string, unknown>, rule: unknown, what: string): string[] {
  const resources = recordAt(container, 'resources')
  const sources = [
    { from: 'defaultRequest', to: 'requests', word: 'request' },
    { from: 'default', to: 'limits', word: 'limit' },
  ]
  return sources.flatMap(({ from, to, word }) => {
    const amounts = fieldAt(rule, from)
    const given = fieldAt(resources, to)
    const missing = Object.entries(isRecord(amounts) ? amounts : {}).filter(
      ([name]) => !isRecord(given) || given[name] === undefined,
    )
    if (missing.length === 0) return []
    resources[to] = { ...(isRecord(given) ? given : {}), ...Object.fromEntries(missing) }
    const names = missing.map(([name]) => name).sort()
    return [`${names.join(', ')} ${word} for ${what} ${stringAt(container, 'name') ?? ''}`]
  })
}

/** Refuses pods and claims beyond what the limit ranges of their namespace allow. */
export function checkLimitRanges(call: Call, object: ApiObject): void {
  const { storageKey } = call.resource
  if (call.path.subresource !== '' || (storageKey !== 'pods' && storageKey !== 'persistentvolumeclaims')) return
  const faults = storageKey === 'pods' ? podFaults(call, object) : claimFaults(call, object)
  if (faults.length === 0) return
  const { name } = object.metadata
  const why = faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`
  const details = { name, kind: storageKey }
  throw new StatusError(403, 'Forbidden', `${storageKey} "${name}" is forbidden: ${why}`, details)
}

function podFaults(call: Call, pod: ApiObject): string[] {
  const containers = [...listAt(pod, 'spec', 'initContainers'), ...listAt(pod, 'spec', 'containers')]
  const ofContainers = rulesOf(call, 'Container').flatMap((rule) =>
    containers.flatMap((container) => faultsOf('Container', rule, fieldAt(container, 'resources'))),
  )
  const total = { requests: shown(pod, 'requests'), limits: shown(pod, 'limits') }
  return [...ofContainers, ...rulesOf(call, 'Pod').flatMap((rule) => faultsOf('Pod', rule, total))]
}

function shown(pod: ApiObject, what: 'requests' | 'limits'): Record<string, string> {
  return Object.fromEntries([...podAmounts(pod, what)].map(([name, amount]) => [name, formatAmount(name, amount)]))
}

function claimFaults(call: Call, claim: ApiObject): string[] {
  const type = 'PersistentVolumeClaim'
  const size = stringAt(claim, 'spec', 'resources', 'requests', 'storage') ?? '0'
  return rulesOf(call, type).flatMap((rule) => {
    const [least, most] = [stringAt(rule, 'min', 'storage'), stringAt(rule, 'max', 'storage')]
    const tooSmall = least !== undefined && compareAmounts(size, least) < 0
    const tooLarge = most !== undefined && compareAmounts(size, most) > 0
    return [
      ...(tooSmall ? [`minimum storage usage per ${type} is ${least}, but request is ${size}`] : []),
      ...(tooLarge ? [`maximum storage usage per ${type} is ${most}, but request is ${size}`] : []),
    ]
  })
}

function faultsOf(type: string, rule: unknown, resources: unknown): string[] {
  const bounds = (name: string): [string, string][] => {
    const amounts = fieldAt(rule, name)
    return Object.entries(isRecord(amounts) ? amounts : {}).map(([key, amount]) => [key, String(amount)])
  }
  return [
    ...bounds('min').flatMap(([name, least]) => tooLittle(type, name, least, resources)),
    ...bounds('max').flatMap(([name, most]) => tooMuch(type, name, most, resources)),
  ]
}

function tooLittle(type: string, name: string, least: string, resources: unknown): string[] {
  const usage = `minimum ${name} usage per ${type} is ${least}`
  const [request, limit] = [stringAt(resources, 'requests', name), stringAt(resources, 'limits', name)]
  if (request === undefined) return [`${usage}.  No request is specified`]
  if (compareAmounts(request, least) < 0) return [`${usage}, but request is ${request}`]
  return limit !== undefined && compareAmounts(limit, least) < 0 ? [`${usage}, but limit is ${limit}`] : []
}

function tooMuch(type: string, name: string, most: string, resources: unknown): string[] {
  const usage = `maximum ${name} usage per ${type} is ${most}`
  const [request, limit] = [stringAt(resources, 'requests', name), stringAt(resources, 'limits', name)]
  if (limit === undefined) return [`${usage}.  No limit is specified`]
  if (compareAmounts(limit, most) > 0) return [`${usage}, but limit is ${limit}`]
  return request !== undefined && compareAmounts(request, most) > 0 ? [`${usage}, but request is ${request}`] : []
}

function rulesOf({ cluster, path }: Call, type: string): unknown[] {
  return cluster.store
    .list(LIMIT_RANGES, path.namespace)
    .flatMap((range) => listAt(range, 'spec', 'limits').filter((rule) => stringAt(rule, 'type') === type))
}
