import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { ConfigMap, Container, KubeClient, KubeObject, Kind, Pod, Secret, Volume } from '@nexus/kube'
import { MountError } from './mount-error.ts'
import type { MountedFolder } from './mount-paths.ts'
import { SERVICE_ACCOUNT_PATH } from './service-account.ts'

export interface VolumeFolders {
  /** The pod's folder for its volumes. */
  readonly dir: string
  /** The folder with its token, absent where the pod wants none. */
  readonly serviceAccountDir?: string | undefined
}

/**
 * Prepares the volumes of a pod and answers with the folder of each: emptyDirs are folders of the pod, claims the folder of
 * their volume, Secrets and ConfigMaps files.
 *
 * @throws MountError where a volume is not there yet, or of a type that is not run here
 */
export async function prepareVolumes(
  kube: KubeClient,
  pod: Pod,
  folders: VolumeFolders,
): Promise<ReadonlyMap<string, string>> {
  const prepared = new Map<string, string>()
  for (const volume of pod.spec.volumes ?? []) {
    prepared.set(volume.name, await prepareVolume(kube, pod, volume, folders))
  }
  return prepared
}

/** The mounts of one container as folders of this machine. */
export async function mountFolders(
  container: Container,
  volumes: ReadonlyMap<string, string>,
  serviceAccountDir: string | undefined,
): Promise<MountedFolder[]> {
  const mounts: MountedFolder[] = []
  for (const { name, mountPath, subPath } of container.volumeMounts ?? []) {
    const volume = volumes.get(name)
    if (volume === undefined) continue
    const folder = join(volume, subPath ?? '')
    if (subPath !== undefined) await mkdir(folder, { recursive: true })
    mounts.push({ mountPath, folder })
  }
  const mounted = mounts.some(({ mountPath }) => mountPath === SERVICE_ACCOUNT_PATH)
  if (serviceAccountDir === undefined || mounted) return mounts
  return [...mounts, { mountPath: SERVICE_ACCOUNT_PATH, folder: serviceAccountDir }]
}

async function prepareVolume(kube: KubeClient, pod: Pod, volume: Volume, folders: VolumeFolders): Promise<string> {
  const folder = join(folders.dir, volume.name)
  if (volume.persistentVolumeClaim) return claimFolder(kube, pod, volume)
  if (volume.projected && folders.serviceAccountDir !== undefined && isTokenVolume(volume.projected)) {
    return folders.serviceAccountDir
  }
  if (volume.emptyDir) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return folder
  }
  if (volume.secret) {
    const { secretName, items, optional } = volume.secret
    const secret = await find<Secret>(kube, Kinds.Secret, pod, secretName)
    if (secret === undefined && optional !== true) throw new MountError(volume.name, `secret "${secretName}" not found`)
    const data = Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const)
    return writeFiles(folder, new Map(data), items)
  }
  if (volume.configMap) {
    const { name, items, optional } = volume.configMap
    const configMap = await find<ConfigMap>(kube, Kinds.ConfigMap, pod, name)
    if (configMap === undefined && optional !== true) throw new MountError(volume.name, `configmap "${name}" not found`)
    const data = Object.entries(configMap?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const)
    return writeFiles(folder, new Map(data), items)
  }
  const type = Object.keys(volume).find((key) => key !== 'name')
  throw new MountError(volume.name, `the sandbox mounts no volume of type ${type}`)
}

async function claimFolder(kube: KubeClient, pod: Pod, volume: Volume): Promise<string> {
  const name = volume.persistentVolumeClaim?.claimName ?? ''
  const claim = await find(kube, Kinds.PersistentVolumeClaim, pod, name)
  if (claim === undefined) throw new MountError(volume.name, `persistentvolumeclaim "${name}" not found`)
  const { volumeName } = claim.spec
  if (claim.status?.phase !== 'Bound' || volumeName === undefined) {
    throw new MountError(volume.name, `PVC ${claim.metadata.namespace}/${name} is not bound`)
  }
  const bound = await kube.get(refTo(Kinds.PersistentVolume, { name: volumeName }))
  const path = bound.spec.hostPath?.path ?? bound.spec.local?.path
  if (path === undefined) throw new MountError(volume.name, `volume ${volumeName} has no folder on this machine`)
  await mkdir(path, { recursive: true })
  return path
}

/** Secrets end in files that only this user can read, whatever mode the pod asks for. */
async function writeFiles(
  folder: string,
  data: ReadonlyMap<string, Uint8Array>,
  items?: readonly { key: string; path: string }[],
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const files = items ?? [...data.keys()].map((key) => ({ key, path: key }))
  for (const { key, path } of files) {
    const content = data.get(key)
    if (content === undefined) continue
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 })
    await writeFile(join(folder, path), content, { mode: 0o600 })
  }
  return folder
}

async function find<T extends KubeObject>(
  kube: KubeClient,
  kind: Kind<T>,
  { metadata }: Pod,
  name: string,
): Promise<T | undefined> {
  try {
    return await kube.get({ kind, name, namespace: metadata.namespace })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function isTokenVolume(projected: object): boolean {
  const sources: unknown = Reflect.get(projected, 'sources')
  return Array.isArray(sources) && sources.some((source) => isRecord(source) && 'serviceAccountToken' in source)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
