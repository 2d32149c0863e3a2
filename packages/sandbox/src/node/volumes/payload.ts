import type { ConfigMap, DownwardFile, KeyToPath, Secret, VolumeProjection } from '@nexus/kube'
import { containerNamed, fieldValue, resourceValue } from '../launch/downward-fields.ts'
import type { DownwardSources } from '../launch/downward-fields.ts'

/** A file of a volume that the node writes. */
export interface VolumeFile {
  readonly content: Uint8Array
  /** Permission bits. */
  readonly mode: number
}

/** Path in the volume → file. */
export type Payload = ReadonlyMap<string, VolumeFile>

export type TokenProjection = NonNullable<VolumeProjection['serviceAccountToken']>

/** What the files of a volume are made of. */
export interface PayloadSources extends DownwardSources {
  readonly secret: (name: string) => Secret | undefined
  readonly configMap: (name: string) => ConfigMap | undefined
  readonly token: (projection: TokenProjection) => string
}

const DEFAULT_MODE = 0o644
/** Tokens are for their readers alone, whatever the volume's mode: what kubelets do for containers of one user. */
const TOKEN_MODE = 0o600

/**
 * The files of a ConfigMap, Secret, downwardAPI or projected volume.
 *
 * @throws Error in the kubelet's words: `configmap "x" not found`, `references non-existent secret key: k`
 */
export function assemblePayload(
  sources: readonly VolumeProjection[],
  from: PayloadSources,
  defaultMode: number = DEFAULT_MODE,
): Payload {
  const files = sources.flatMap((source) => filesOf(source, from, defaultMode))
  for (const [path] of files) checkPath(path)
  return new Map(files)
}

type File = readonly [path: string, file: VolumeFile]

function filesOf(source: VolumeProjection, from: PayloadSources, defaultMode: number): File[] {
  if (source.secret) return keyFiles(secretData(source.secret, from), source.secret, SECRET_KEY, defaultMode)
  if (source.configMap)
    return keyFiles(configMapData(source.configMap, from), source.configMap, CONFIG_KEY, defaultMode)
  if (source.downwardAPI) return (source.downwardAPI.items ?? []).map((item) => downwardFile(item, from, defaultMode))
  if (source.serviceAccountToken === undefined) return []
  const content = Buffer.from(from.token(source.serviceAccountToken))
  return [[source.serviceAccountToken.path, { content, mode: TOKEN_MODE }]]
}

const SECRET_KEY = 'references non-existent secret key'
const CONFIG_KEY = 'configmap references non-existent config key'

interface Reference {
  readonly name?: string
  readonly optional?: boolean
  readonly items?: readonly KeyToPath[]
}

type Data = ReadonlyMap<string, Uint8Array>

function keyFiles(data: Data, { items, optional }: Reference, missing: string, defaultMode: number): File[] {
  const wanted = items ?? [...data.keys()].map((key): KeyToPath => ({ key, path: key }))
  return wanted.flatMap(({ key, path, mode = defaultMode }): File[] => {
    const content = data.get(key)
    if (content !== undefined) return [[path, { content, mode }]]
    if (optional === true) return []
    throw new Error(`${missing}: ${key}`)
  })
}

function secretData({ name = '', optional }: Reference, from: PayloadSources): Data {
  const secret = from.secret(name)
  if (secret === undefined && optional !== true) throw new Error(`secret "${name}" not found`)
  return decoded(secret?.data)
}

function configMapData({ name = '', optional }: Reference, from: PayloadSources): Data {
  const configMap = from.configMap(name)
  if (configMap === undefined && optional !== true) throw new Error(`configmap "${name}" not found`)
  const texts = Object.entries(configMap?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const)
  return new Map([...texts, ...decoded(configMap?.binaryData)])
}

function decoded(data: Readonly<Record<string, string>> = {}): Map<string, Uint8Array> {
  return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]))
}

function downwardFile(
  { path, fieldRef, resourceFieldRef, mode }: DownwardFile,
  from: PayloadSources,
  defaultMode: number,
): File {
  const value =
    resourceFieldRef === undefined
      ? fieldValue(fieldRef?.fieldPath ?? '', from)
      : resourceValue(resourceFieldRef, containerNamed(from.pod, resourceFieldRef.containerName), from.allocatable)
  if (value === undefined) throw new Error(`unsupported fieldPath: ${fieldRef?.fieldPath}`)
  return [path, { content: Buffer.from(value), mode: mode ?? defaultMode }]
}

/** API servers refuse such paths; a node does not rely on it. */
function checkPath(path: string): void {
  if (path === '' || path.startsWith('/')) throw new Error(`invalid path: must be relative path: ${path}`)
  if (path.split('/').includes('..')) throw new Error(`invalid path: must not contain '..': ${path}`)
  if (path.startsWith('..')) throw new Error(`invalid path: must not start with '..': ${path}`)
}
