import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlreadyExists, isNotFound, knownKind, refTo } from '@nexus/kube'
import type { Kind, KubeClient, KubeObject, Secret, UnknownObject } from '@nexus/kube'
import type { SecretText } from '@nexus/core'
import { z } from 'zod'
import { repositoryPath } from '../repository.ts'
import { readKustomization, readManifestFile } from './manifests.ts'

/** Which shipped manifest an object was last written from: an unchanged manifest leaves later edits alone. */
const DIGEST_ANNOTATION = 'nexus.dev/manifest-digest'

export interface PlatformOptions {
  /** The gateway's key, which may use the deployments of every project. */
  readonly gatewayKey: SecretText
  /** Bring the sandbox's compact KServe definitions; false on a cluster that has KServe's own. Default true. */
  readonly customResourceDefinitions?: boolean
}

/**
 * Brings the platform into a cluster, as `k8s/overlays/platform` does: the catalog and its template, who may read them, and
 * the gateway; beside it KServe's kinds, a default StorageClass, the gateway's key, and the example project. Objects are written once per shipped version, so what an admin edits stays.
 */
export async function installPlatform(kube: KubeClient, options: PlatformOptions): Promise<void> {
  if (options.customResourceDefinitions ?? true) await installAll(kube, await readCustomResourceDefinitions())
  await installAll(kube, await readManifestFile(join(import.meta.dirname, 'cluster.yaml')))
  const gateway = (await readKustomization(repositoryPath('k8s', 'gateway'))).filter(
    (object) => !exposesOrScales(object),
  )
  const [namespaces, others] = partition(gateway, (object) => object.kind === 'Namespace')
  await installAll(kube, namespaces)
  await installAll(kube, await readKustomization(repositoryPath('config', 'nim', 'kubernetes')))
  await installAll(kube, await readManifestFile(repositoryPath('k8s', 'overlays', 'platform', 'rbac.yaml')))
  await install(kube, gatewaySecret(options.gatewayKey))
  await installAll(kube, others)
}

/** What `k8s/overlays/platform` leaves out as well. */
function exposesOrScales({ kind, spec }: UnknownObject): boolean {
  const isLoadBalancer = kind === 'Service' && LoadBalancer.safeParse(spec).success
  return isLoadBalancer || kind === 'Ingress' || kind === 'HorizontalPodAutoscaler'
}

const LoadBalancer = z.looseObject({ type: z.literal('LoadBalancer') })

async function readCustomResourceDefinitions(): Promise<KubeObject[]> {
  const folder = join(import.meta.dirname, 'crds')
  const files = (await readdir(folder)).sort()
  return (await Promise.all(files.map((file) => readManifestFile(join(folder, file))))).flat()
}

function gatewaySecret(key: SecretText): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'nexus-gateway-secrets', namespace: 'nexus' },
    type: 'Opaque',
    stringData: {
      GATEWAY_API_KEYS: key.reveal(),
      GATEWAY_API_KEY_POLICIES: JSON.stringify({ [key.reveal()]: { projects: ['*'] } }),
    },
  }
}

async function installAll(kube: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) await install(kube, object)
}

async function install(kube: KubeClient, manifest: KubeObject): Promise<void> {
  const object = withDigest(manifest)
  const ref = refTo(kindOf(object), object.metadata)
  const live = await kube.get(ref).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (live === undefined) return createIfAbsent(kube, object)
  if (live.metadata.annotations?.[DIGEST_ANNOTATION] === object.metadata.annotations?.[DIGEST_ANNOTATION]) return
  await kube.patch(ref, { type: 'merge', body: replacing(live, object) })
}

async function createIfAbsent(kube: KubeClient, object: KubeObject): Promise<void> {
  await kube.create(object).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

function withDigest(object: KubeObject): KubeObject {
  const digest = createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16)
  const annotations = { ...object.metadata.annotations, [DIGEST_ANNOTATION]: digest }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

/** The merge patch that makes `live` carry `object`: entries of `data` that are no longer shipped go. */
function replacing(live: KubeObject, object: KubeObject): object {
  const before = dataOf(live)
  const after = dataOf(object)
  if (before === undefined || after === undefined) return object
  const removed = Object.keys(before).filter((key) => !(key in after))
  return { ...object, data: { ...after, ...Object.fromEntries(removed.map((key) => [key, null])) } }
}

function dataOf(object: object): object | undefined {
  return 'data' in object && typeof object.data === 'object' && object.data !== null ? object.data : undefined
}

function kindOf(object: KubeObject): Kind {
  const kind = knownKind(object.apiVersion, object.kind)
  if (kind === undefined) throw new Error(`A shipped manifest has an unknown kind: ${object.apiVersion} ${object.kind}`)
  return kind
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter((item) => belongs(item)), items.filter((item) => !belongs(item))]
}
