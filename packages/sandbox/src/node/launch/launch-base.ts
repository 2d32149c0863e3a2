import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Container, Pod, ResourceList } from '@nexus/kube'
import { assembleEnvironment } from './environment.ts'
import type { ExecPlace } from '../process/exec-command.ts'
import { expandVariables } from './expand.ts'
import { rewriteMountPaths } from './mount-paths.ts'
import type { MountedFolder } from './mount-paths.ts'
import type { PodContext } from '../pod-context.ts'
import { HOST_IP } from '../status/pod-status.ts'
import { MAP_VARIABLE, NAMESPACE_VARIABLE, POD_IP_VARIABLE } from '../network/preload-variables.ts'
import { fetchReferences } from './references.ts'
import { mountFolders } from '../volumes/mounts.ts'
import type { PreparedVolume } from '../volumes/pod-volumes.ts'
import { SERVICE_ACCOUNT_PATH } from '../volumes/service-account-volume.ts'

/** What belongs to the file system of the image and would mislead a program of this machine. */
const IMAGE_VARIABLES = new Set(['PATH', 'HOME', 'LD_LIBRARY_PATH', 'LD_PRELOAD'])
/** Where a container leaves its last words unless it says otherwise. */
const TERMINATION_LOG = '/dev/termination-log'

/** Everything needed to start a container's process. */
export interface Launch {
  readonly command: readonly [string, ...string[]]
  readonly env: Record<string, string>
  readonly cwd: string
  readonly sockets: readonly LaunchSocket[]
  /** The process is none of ours: it does not notice by itself that its agent is gone. */
  readonly guarded: boolean
  /** The file that the container may leave its last words in. */
  readonly terminationLog: string
  /** How a command of a probe or hook is run; undefined where what stands for the image does not have it. */
  readonly exec: (command: readonly string[]) => LaunchedCommand | undefined
}

export interface LaunchedCommand {
  readonly command: readonly [string, ...string[]]
  readonly place: ExecPlace
}

/** A port the pod listens on in the cluster, and the loopback port it has here until it ends. */
export interface LaunchSocket {
  readonly containerPort: number
  readonly loopbackPort: number
}

export interface LaunchPlace {
  readonly podIP: string
  /** The container's own folder. */
  readonly dir: string
  readonly volumes: ReadonlyMap<string, PreparedVolume>
  readonly allocatable: ResourceList
}

/** A container's surroundings, whatever stands for its image. */
export interface LaunchBase {
  readonly context: PodContext
  readonly container: Container
  /** The container's own folder. */
  readonly dir: string
  readonly serviceAccountDir: string | undefined
  /** As they are in the cluster: no mount path is rewritten. */
  readonly variables: ReadonlyMap<string, string>
  readonly mounts: readonly MountedFolder[]
  /** What every process of the container is told. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** The folder that stands for the container's file system, gone with its end. */
  readonly root: string
  readonly terminationLog: string
}

/**
 * Prepares what does not depend on the program: its variables with mount paths made folders, how to reach the API and the
 * cluster network.
 *
 * @throws ConfigError where a variable refers to something that is not there
 */
export async function prepareBase(
  context: PodContext,
  pod: Pod,
  container: Container,
  place: LaunchPlace,
): Promise<LaunchBase> {
  const { kube, api, network } = context
  const { name, namespace = 'default' } = pod.metadata
  const { secrets, configMaps } = await fetchReferences(kube, container, namespace)
  const variables = assembleEnvironment(container, {
    pod,
    podIP: place.podIP,
    hostIP: HOST_IP,
    allocatable: place.allocatable,
    secret: (secret) => secrets.get(secret),
    configMap: (configMap) => configMaps.get(configMap),
  })
  const mounts = await mountFolders(container, { volumes: place.volumes, variables, dir: join(place.dir, 'sub-paths') })
  const root = await freshRoot(place.dir)
  const terminationLog = join(place.dir, 'termination-log')
  await writeFile(terminationLog, '', { mode: 0o600 })
  const ownMounts = [
    { mountPath: container.terminationMessagePath ?? TERMINATION_LOG, folder: terminationLog },
    ...mounts,
  ]
  const serviceAccountDir = mounts.find(({ mountPath }) => mountPath === SERVICE_ACCOUNT_PATH)?.folder
  return {
    context,
    container,
    dir: place.dir,
    serviceAccountDir,
    variables,
    mounts: ownMounts,
    env: {
      ...ownVariables(variables, ownMounts),
      HOSTNAME: pod.spec.hostname ?? name,
      ...apiVariables(api.url, serviceAccountDir),
      [MAP_VARIABLE]: network.mapPath,
      [NAMESPACE_VARIABLE]: namespace,
      [POD_IP_VARIABLE]: place.podIP,
      NODE_OPTIONS: [`--import=${preloadUrl()}`, variables.get('NODE_OPTIONS') ?? ''].join(' ').trim(),
    },
    cwd: await workingFolder(container, root, mounts),
    root,
    terminationLog,
  }
}

/** Every run of a container begins with the file system of its image, of which there is none. */
async function freshRoot(dir: string): Promise<string> {
  const root = join(dir, 'root')
  await rm(root, { recursive: true, force: true })
  await mkdir(root, { recursive: true, mode: 0o700 })
  return root
}

/** `workingDir` where it is mounted, and a folder of that name in the container's root where it is not. */
async function workingFolder(
  { workingDir }: Container,
  root: string,
  mounts: readonly MountedFolder[],
): Promise<string> {
  if (workingDir === undefined) return root
  const absolute = resolve('/', workingDir)
  const mounted = rewriteMountPaths(absolute, mounts)
  const folder = mounted === absolute ? join(root, absolute) : mounted
  await mkdir(folder, { recursive: true })
  return folder
}

/** An argument of the container as its process gets it. */
export function argumentOf({ variables, mounts }: LaunchBase, argument: string): string {
  return rewriteMountPaths(expandVariables(argument, variables), mounts)
}

function ownVariables(
  variables: ReadonlyMap<string, string>,
  mounts: readonly MountedFolder[],
): Record<string, string> {
  const own = [...variables].filter(([name]) => !IMAGE_VARIABLES.has(name))
  return Object.fromEntries(own.map(([name, value]) => [name, rewriteMountPaths(value, mounts)]))
}

function apiVariables(url: string, serviceAccountDir: string | undefined): Record<string, string> {
  const { hostname, port } = new URL(url)
  return {
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port || '443',
    KUBERNETES_SERVICE_PORT_HTTPS: port || '443',
    ...(serviceAccountDir !== undefined && { NEXUS_SERVICE_ACCOUNT_DIR: serviceAccountDir }),
  }
}

/** The same file from source and from `dist`. */
function preloadUrl(): string {
  return new URL(import.meta.url.endsWith('.ts') ? '../preload.ts' : '../preload.js', import.meta.url).href
}
