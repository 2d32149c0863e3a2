import { mkdir, writeFile } from 'node:fs/promises'
import { basename, delimiter, dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { findProgram, isProgram } from '../process/find-program.ts'
import { argumentOf } from './launch-base.ts'
import type { Launch, LaunchBase, LaunchedCommand, LaunchSocket } from './launch-base.ts'
import { rewriteMountPaths } from './mount-paths.ts'
import { StartError } from '../lifecycle/start-error.ts'
import type { ToolImage, ToolServer } from './tool-images.ts'
import { FOLDERS_VARIABLE, MACHINE_PATH_VARIABLE } from '../tools/shims.ts'

/** Where images keep their programs. */
const PROGRAM_FOLDERS = new Set(['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin'])

/**
 * How to run the command of a container by tools of this machine.
 *
 * @throws StartError where there is no such tool
 */
export async function prepareTool(image: LaunchBase, tool: ToolImage): Promise<Launch> {
  const base = await withTemporaryFolder(image)
  const [program, args] = commandOf(base, tool)
  const env = toolVariables(base)
  await writeKubeconfig(base)
  const { server } = tool
  const serves = server !== undefined && basename(program) === server.program
  const sockets = serves ? [await serverSocket(base, args, server)] : []
  return {
    command: [
      findTool(base, program),
      ...args,
      ...sockets.flatMap(({ loopbackPort }) => server?.bind(loopbackPort) ?? []),
    ],
    env,
    cwd: base.cwd,
    sockets,
    guarded: true,
    terminationLog: base.terminationLog,
    exec: prepareExec(base),
  }
}

/** How commands of probes and hooks run beside a container: by the same tools. */
export function prepareExec(base: LaunchBase): Launch['exec'] {
  return ([program = '', ...args]): LaunchedCommand | undefined => {
    const path = toolPath(base, program)
    if (path === undefined) return undefined
    const rewritten = args.map((argument) => rewriteMountPaths(argument, base.mounts))
    return { command: [path, ...rewritten], place: { env: toolVariables(base), cwd: base.cwd } }
  }
}

/** Entrypoint and arguments as Kubernetes puts them together: `command` replaces both of the image's. */
function commandOf(base: LaunchBase, { entrypoint, cmd, server }: ToolImage): [program: string, args: string[]] {
  const { command, args } = base.container
  const words = command === undefined ? [...entrypoint, ...(args ?? cmd)] : [...command, ...(args ?? [])]
  const [first = 'sh', ...rest] = words.map((word) => argumentOf(base, word))
  // What the entrypoint of server images does: options alone are meant for the server.
  return server !== undefined && first.startsWith('-') ? [server.program, [first, ...rest]] : [first, rest]
}

async function serverSocket(
  { context }: LaunchBase,
  args: readonly string[],
  { port }: ToolServer,
): Promise<LaunchSocket> {
  const said = Number(args[args.indexOf(port.flag) + 1])
  const containerPort = args.includes(port.flag) && Number.isInteger(said) ? said : port.default
  return { containerPort, loopbackPort: await context.network.ports.claim() }
}

function findTool(base: LaunchBase, program: string): string {
  const path = toolPath(base, program)
  if (path !== undefined) return path
  const why = program.includes('/')
    ? `stat ${program}: no such file or directory`
    : 'executable file not found in $PATH'
  throw new StartError(`exec: "${program}": ${why}`)
}

function toolPath({ context, mounts }: LaunchBase, program: string): string | undefined {
  if (!program.includes('/') || PROGRAM_FOLDERS.has(dirname(program)))
    return findProgram(basename(program), context.toolsDir)
  // A script of a volume; nothing else of the image is here.
  const mounted = rewriteMountPaths(program, mounts)
  return mounts.some(({ folder }) => mounted.startsWith(folder)) && isProgram(mounted) ? mounted : undefined
}

async function withTemporaryFolder(base: LaunchBase): Promise<LaunchBase> {
  const folder = join(base.root, 'tmp')
  await mkdir(folder, { recursive: true })
  // A volume that is mounted there comes later in the list, and wins.
  return { ...base, mounts: [{ mountPath: '/tmp', folder }, ...base.mounts] }
}

function toolVariables({ env, context, root, dir, mounts }: LaunchBase): Record<string, string> {
  return {
    ...env,
    PATH: context.toolsDir,
    HOME: root,
    TMPDIR: join(root, 'tmp'),
    [FOLDERS_VARIABLE]: [dir, ...mounts.map(({ folder }) => folder)].join(delimiter),
    [MACHINE_PATH_VARIABLE]: process.env['PATH'] ?? '',
  }
}

/** kubectl and helm look for their ServiceAccount at a path that is not here: they are told by a file in their home. */
async function writeKubeconfig({ root, context, env, serviceAccountDir }: LaunchBase): Promise<void> {
  if (serviceAccountDir === undefined) return
  const cluster = { server: context.api.url, 'certificate-authority': join(serviceAccountDir, 'ca.crt') }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'pod', cluster }],
    users: [{ name: 'pod', user: { tokenFile: join(serviceAccountDir, 'token') } }],
    contexts: [{ name: 'pod', context: { cluster: 'pod', user: 'pod', namespace: env['NEXUS_POD_NAMESPACE'] } }],
    'current-context': 'pod',
  }
  await mkdir(join(root, '.kube'), { recursive: true, mode: 0o700 })
  await writeFile(join(root, '.kube', 'config'), stringify(config), { mode: 0o600 })
}
