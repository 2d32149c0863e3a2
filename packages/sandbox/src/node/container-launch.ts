import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Container, Pod } from '@nexus/kube'
import { assembleEnvironment } from './environment.ts'
import { expandVariables } from './expand.ts'
import { rewriteMountPaths } from './mount-paths.ts'
import type { MountedFolder } from './mount-paths.ts'
import type { PodContext } from './pod-context.ts'
import { HOST_IP } from './pod-status.ts'
import { MAP_VARIABLE, NAMESPACE_VARIABLE } from './preload-variables.ts'
import type { Program } from './programs.ts'
import { fetchReferences } from './references.ts'
import { mountFolders } from './volumes.ts'

/** What belongs to the file system of the image and would mislead a program of this machine. */
const IMAGE_VARIABLES = new Set(['PATH', 'HOME', 'LD_LIBRARY_PATH', 'LD_PRELOAD'])

/** Everything needed to start a container's process. */
export interface Launch {
  readonly command: readonly [string, ...string[]]
  readonly env: Record<string, string>
  readonly cwd: string
  readonly sockets: readonly LaunchSocket[]
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
  readonly volumes: ReadonlyMap<string, string>
  readonly serviceAccountDir: string | undefined
}

/**
 * Works out how to start `program` for a container: its variables with mount paths made folders, where to listen, how to
 * reach the API and the cluster network.
 *
 * @throws ConfigError where a variable refers to something that is not there
 */
export async function prepareLaunch(
  { kube, network, api }: PodContext,
  pod: Pod,
  { container, program }: { container: Container; program: Program },
  place: LaunchPlace,
): Promise<Launch> {
  const namespace = pod.metadata.namespace ?? 'default'
  const { secrets, configMaps } = await fetchReferences(kube, container, namespace)
  const variables = assembleEnvironment(container, {
    pod,
    podIP: place.podIP,
    hostIP: HOST_IP,
    secret: (name) => secrets.get(name),
    configMap: (name) => configMaps.get(name),
  })
  const mounts = await mountFolders(container, place.volumes, place.serviceAccountDir)
  const cwd = join(place.dir, 'root')
  await mkdir(cwd, { recursive: true, mode: 0o700 })
  const ports = portsIn(variables, program)
  const sockets = await Promise.all(
    [...ports.values()].map(async (containerPort) => ({ containerPort, loopbackPort: await network.ports.claim() })),
  )
  const args = program.takesArgs === true ? (container.args ?? []) : []
  return {
    command: [...program.command, ...args.map((arg) => rewriteMountPaths(expandVariables(arg, variables), mounts))],
    env: {
      ...ownVariables(variables, mounts),
      ...program.env?.(container.image ?? ''),
      [program.hostVariable]: HOST_IP,
      ...Object.fromEntries([...ports.keys()].map((name, index) => [name, String(sockets[index]?.loopbackPort)])),
      HOSTNAME: pod.metadata.name,
      ...apiVariables(api.url, place.serviceAccountDir),
      [MAP_VARIABLE]: network.mapPath,
      [NAMESPACE_VARIABLE]: namespace,
      NODE_OPTIONS: [`--import=${preloadUrl()}`, variables.get('NODE_OPTIONS') ?? ''].join(' ').trim(),
    },
    cwd,
    sockets,
  }
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

/** The ports a pod listens on, by the variable that tells its program where to bind instead. */
function portsIn(variables: ReadonlyMap<string, string>, program: Program): Map<string, number> {
  const { portVariable, containerPort, furtherPortVariables = [] } = program
  const ports = new Map([[portVariable, portNumber(variables.get(containerPort.variable)) ?? containerPort.default]])
  for (const name of furtherPortVariables) {
    const port = portNumber(variables.get(name))
    if (port !== undefined) ports.set(name, port)
  }
  return ports
}

function portNumber(text: string | undefined): number | undefined {
  const port = Number(text)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

/** The same file from source and from `dist`. */
function preloadUrl(): string {
  return new URL(import.meta.url.endsWith('.ts') ? './preload.ts' : './preload.js', import.meta.url).href
}
