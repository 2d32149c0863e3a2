import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@nexus/core'
import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { ConfigMap, Kind, KubeObject, Pod, Secret, Volume, VolumeProjection } from '@nexus/kube'
import type { DownwardSources } from '../launch/downward-fields.ts'
import { MountError } from './mount-error.ts'
import type { PodContext } from '../pod-context.ts'
import { writeAtomically } from './atomic-writer.ts'
import { claimFolder } from './claim-folder.ts'
import type { ObjectWatcher, WatchedObject } from './object-watcher.ts'
import { assemblePayload } from './payload.ts'
import type { TokenProjection } from './payload.ts'
import { requestToken } from './service-account-token.ts'
import type { ServiceAccountToken } from './service-account-token.ts'

/** What could not be brought up to date is tried again after this. */
const RETRY_MS = 10_000
/** The ConfigMap with which clusters publish the CA of their API server. */
const ROOT_CA_CONFIG_MAP = 'kube-root-ca.crt'

/** A volume of a pod as a folder of this machine. */
export interface PreparedVolume {
  readonly folder: string
  /** The node writes its files, and replaces them when what they are made of changes. */
  readonly written: boolean
}

export interface PodVolumesOptions {
  readonly context: Pick<PodContext, 'kube' | 'api'>
  readonly watcher: ObjectWatcher
  /** The folder with the pod's volumes. */
  readonly dir: string
  /** Something that a volume is made of has changed: they are to be prepared again. */
  readonly onChange: () => void
}

/**
 * The volumes of one pod: emptyDirs are folders of the pod, claims the folder of their volume; Secrets, ConfigMaps, tokens
 * and fields of the pod are files that follow what they are made of.
 */
export class PodVolumes {
  readonly #options: PodVolumesOptions
  readonly #tokens = new Map<string, ServiceAccountToken>()
  readonly #followed = new Map<string, () => void>()
  /** Version of each object that the files were made of. */
  readonly #versions = new Map<string, string | undefined>()

  #dueAt = Number.POSITIVE_INFINITY
  /** After a failure they are left alone for a while. */
  #notBefore = 0
  #areReady = false

  constructor(options: PodVolumesOptions) {
    this.#options = options
  }

  /** They have been prepared once. */
  get areReady(): boolean {
    return this.#areReady
  }

  /** When they have to be brought up to date, in milliseconds since the epoch; undefined while nothing is due. */
  get dueAt(): number | undefined {
    const earliest = Math.min(this.#dueAt, ...[...this.#tokens.values()].map(({ refreshAt }) => refreshAt))
    return Number.isFinite(earliest) ? Math.max(earliest, this.#notBefore) : undefined
  }

  /** What some of them are made of has changed. */
  touch(): void {
    this.#dueAt = 0
  }

  /**
   * Brings them up to date if it is time to.
   *
   * @throws MountError, and is due again in a while
   */
  async update(sources: DownwardSources): Promise<void> {
    if (this.dueAt === undefined || this.dueAt > Date.now()) return
    try {
      await this.prepare(sources)
    } catch (error) {
      this.touch()
      this.#notBefore = Date.now() + RETRY_MS
      throw error
    }
  }

  /**
   * Brings all volumes up to date.
   *
   * @throws MountError where a volume is not there yet, or of a type that is not run here
   */
  async prepare(sources: DownwardSources): Promise<ReadonlyMap<string, PreparedVolume>> {
    const prepared = new Map<string, PreparedVolume>()
    this.#dueAt = Number.POSITIVE_INFINITY
    for (const volume of sources.pod.spec.volumes ?? []) {
      prepared.set(volume.name, await this.#prepareVolume(volume, sources))
    }
    this.#areReady = true
    return prepared
  }

  close(): void {
    for (const stop of this.#followed.values()) stop()
    this.#followed.clear()
  }

  async #prepareVolume(volume: Volume, sources: DownwardSources): Promise<PreparedVolume> {
    const folder = join(this.#options.dir, volume.name)
    if (volume.persistentVolumeClaim) {
      return { folder: await claimFolder(this.#options.context.kube, sources.pod, volume), written: false }
    }
    if (volume.emptyDir) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return { folder, written: false }
    }
    const files = projectionsOf(volume)
    if (files === undefined) {
      const type = Object.keys(volume).find((key) => key !== 'name')
      throw new MountError(volume.name, `the sandbox mounts no volume of type ${type}`)
    }
    try {
      await writeAtomically(folder, await this.#payload(files, sources))
    } catch (error) {
      throw new MountError(volume.name, messageOf(error))
    }
    return { folder, written: true }
  }

  async #payload(
    { sources, defaultMode }: WrittenVolume,
    downward: DownwardSources,
  ): Promise<ReturnType<typeof assemblePayload>> {
    const { pod } = downward
    const secrets = new Map<string, Secret | undefined>()
    const configMaps = new Map<string, ConfigMap | undefined>()
    const tokens = new Map<TokenProjection, string>()
    for (const { secret, configMap, serviceAccountToken } of sources) {
      if (secret?.name !== undefined) secrets.set(secret.name, await this.#read(Kinds.Secret, pod, secret.name))
      if (configMap?.name !== undefined) configMaps.set(configMap.name, await this.#readConfigMap(pod, configMap.name))
      if (serviceAccountToken) tokens.set(serviceAccountToken, await this.#token(pod, serviceAccountToken))
    }
    const from = {
      ...downward,
      secret: (name: string) => secrets.get(name),
      configMap: (name: string) => configMaps.get(name),
      token: (projection: TokenProjection) => tokens.get(projection) ?? '',
    }
    return assemblePayload(sources, from, defaultMode)
  }

  /** The CA by which pods reach the API server is the one that this agent was given. */
  async #readConfigMap(pod: Pod, name: string): Promise<ConfigMap | undefined> {
    if (name !== ROOT_CA_CONFIG_MAP) return this.#read(Kinds.ConfigMap, pod, name)
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { 'ca.crt': this.#options.context.api.caPem },
    }
  }

  async #read<T extends KubeObject>(kind: Kind<T>, { metadata }: Pod, name: string): Promise<T | undefined> {
    const { namespace = 'default' } = metadata
    const object = await this.#options.context.kube.get(refTo(kind, { name, namespace })).catch((error: unknown) => {
      if (isNotFound(error)) return undefined
      throw error
    })
    this.#follow({ kind: kind.kind === 'Secret' ? 'Secret' : 'ConfigMap', namespace, name }, object)
    return object
  }

  #follow(watched: WatchedObject, object: KubeObject | undefined): void {
    const key = `${watched.kind}/${watched.name}`
    this.#versions.set(key, object?.metadata.resourceVersion)
    if (this.#followed.has(key)) return
    const stop = this.#options.watcher.follow(watched, (changed) => {
      if (changed?.metadata.resourceVersion === this.#versions.get(key)) return
      this.touch()
      this.#options.onChange()
    })
    this.#followed.set(key, stop)
  }

  async #token(pod: Pod, projection: TokenProjection): Promise<string> {
    const key = `${projection.audience ?? ''} ${projection.expirationSeconds ?? ''}`
    const known = this.#tokens.get(key)
    if (known !== undefined && known.refreshAt > Date.now()) return known.token
    const fresh = await requestToken(this.#options.context.kube, pod, projection)
    this.#tokens.set(key, fresh)
    return fresh.token
  }
}

interface WrittenVolume {
  readonly sources: readonly VolumeProjection[]
  readonly defaultMode?: number | undefined
}

/** Every volume that consists of files the node writes is a projection of one source or several. */
function projectionsOf({ secret, configMap, downwardAPI, projected }: Volume): WrittenVolume | undefined {
  if (secret) return { sources: [{ secret: { ...secret, name: secret.secretName } }], defaultMode: secret.defaultMode }
  if (configMap) return { sources: [{ configMap }], defaultMode: configMap.defaultMode }
  if (downwardAPI) return { sources: [{ downwardAPI }], defaultMode: downwardAPI.defaultMode }
  if (projected) return { sources: projected.sources ?? [], defaultMode: projected.defaultMode }
  return undefined
}
