import type { ApiObject } from '../object.ts'
import { isRecord, listAt, recordAt } from '../objects/fields.ts'
import { defaultContainer } from './container.ts'
import { dropEmpty, dropEmptyLists } from './empty.ts'
import { defaultVolume } from './volume.ts'

type Fields = Record<string, unknown>

/** A Pod is a pod template plus what the server's admission adds to pods only. */
export function defaultPod(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  defaultPodSpec(spec)
  spec['enableServiceLinks'] ??= true
  // A period that is none means: at once, but for a second.
  if (Number(spec['terminationGracePeriodSeconds']) < 0) spec['terminationGracePeriodSeconds'] = 1
  for (const container of containersOf(spec)) requestWhatIsLimited(container)
  tolerateLostNodes(spec)
}

/** What templates of Deployments and ReplicaSets share with Pods. */
export function defaultPodSpec(spec: Fields): void {
  dropEmptyLists(spec)
  dropEmpty(spec, 'nodeSelector')
  spec['restartPolicy'] ??= 'Always'
  spec['dnsPolicy'] ??= 'ClusterFirst'
  spec['schedulerName'] ??= 'default-scheduler'
  spec['terminationGracePeriodSeconds'] ??= 30
  spec['securityContext'] ??= {}
  // `serviceAccount` is the deprecated name of the same field; kube-apiserver writes both.
  const account = spec['serviceAccountName'] ?? spec['serviceAccount']
  if (account !== undefined) Object.assign(spec, { serviceAccountName: account, serviceAccount: account })
  for (const volume of listAt(spec, 'volumes')) if (isRecord(volume)) defaultVolume(volume)
  for (const container of containersOf(spec)) defaultContainer(container, spec['hostNetwork'] === true)
}

function containersOf(spec: Fields): Fields[] {
  return [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')].filter(isRecord)
}

/** A limit is also the request, where none is given. */
function requestWhatIsLimited(container: Fields): void {
  const resources = recordAt(container, 'resources')
  const { limits } = resources
  if (!isRecord(limits) || Object.keys(limits).length === 0) return
  const requests = isRecord(resources['requests']) ? resources['requests'] : {}
  resources['requests'] = { ...requests, ...withoutKeys(limits, requests) }
}

function withoutKeys(from: Fields, keys: Fields): Fields {
  return Object.fromEntries(Object.entries(from).filter(([key]) => !Object.hasOwn(keys, key)))
}

/** A pod stays for five minutes on a node that went away (admission plugin DefaultTolerationSeconds). */
function tolerateLostNodes(spec: Fields): void {
  const tolerations = listAt(spec, 'tolerations')
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    if (tolerations.some((toleration) => tolerates(toleration, key))) continue
    tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })
  }
  spec['tolerations'] = tolerations
}

function tolerates(toleration: unknown, key: string): boolean {
  if (!isRecord(toleration)) return false
  const { effect } = toleration
  const sameEffect = effect === undefined || effect === '' || effect === 'NoExecute'
  return sameEffect && (toleration['key'] === key || toleration['key'] === undefined || toleration['key'] === '')
}
