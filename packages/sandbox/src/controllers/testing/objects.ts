import { readFileSync } from 'node:fs'
import type { KubeObject, Node, StorageClass } from '@nexus/kube'
import { parse, parseAllDocuments } from 'yaml'
import { isJsonObject } from '../runtime/merge-patch.ts'
import type { JsonObject } from '../runtime/merge-patch.ts'

const recorded = new URL('../kserve/testdata/recorded/', import.meta.url)
/** The objects from which the recording was made: namespace, ServingRuntime, InferenceService. */
export function recordedInput(): KubeObject[] {
  const text = readFileSync(new URL('input.yaml', recorded), 'utf8')
  return parseAllDocuments(text).map((document) => checkObject(document.toJS()))
}

/** The sandbox's own definition of a kind: `inferenceservices`, `servingruntimes`. */
export function definition(file: string): KubeObject {
  return checkObject(parse(readFileSync(new URL(`../../platform/crds/${file}.yaml`, import.meta.url), 'utf8')))
}

function checkObject(value: unknown): KubeObject {
  if (!isKubeObject(value)) throw new TypeError('The file has something that is no object')
  return value
}

function isKubeObject(value: unknown): value is KubeObject {
  return isJsonObject(value) && typeof value['kind'] === 'string' && isJsonObject(value['metadata'])
}

export function readRecorded(file: string): unknown {
  const value: unknown = parse(readFileSync(new URL(file, recorded), 'utf8'))
  return value
}

/** Differs from cluster to cluster, or is written by others. */
const VOLATILE = new Set([
  'uid',
  'resourceVersion',
  'managedFields',
  'creationTimestamp',
  'lastTransitionTime',
  'lastUpdateTime',
  'clusterIP',
  'clusterIPs',
  'kubectl.kubernetes.io/last-applied-configuration',
])

/** An object without what differs from cluster to cluster: ids, times, addresses and, unless asked for, the ReplicaSet's hash. */
export function comparable(value: unknown, keep = { hash: false }): unknown {
  if (typeof value === 'string')
    return keep.hash ? value : value.replace(/"llm-predictor-\w+"/, '"llm-predictor-<hash>"')
  if (Array.isArray(value)) return value.map((item) => comparable(item, keep))
  if (!isJsonObject(value)) return value
  return withoutEmpty(
    Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (VOLATILE.has(key) ? [] : [[key, comparable(item, keep)]])),
    ),
  )
}

/** `annotations: {}` after its only entry went. */
function withoutEmpty(object: JsonObject): JsonObject {
  const { annotations } = object
  const isEmpty = isJsonObject(annotations) && Object.keys(annotations).length === 0
  return isEmpty ? Object.fromEntries(Object.entries(object).filter(([key]) => key !== 'annotations')) : object
}

export const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1' },
  status: {
    capacity: { cpu: '8', memory: '32Gi', pods: '110', 'nvidia.com/gpu': '1' },
    allocatable: { cpu: '8', memory: '32Gi', pods: '110', 'nvidia.com/gpu': '1' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
}

export const storageClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'nexus-local' },
  provisioner: 'nexus.dev/local-path',
  reclaimPolicy: 'Delete',
}
