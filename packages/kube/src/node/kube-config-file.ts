import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { messageOf, redact } from '@nexus/core'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { KubeConfigError } from './kube-config-error.ts'

// The kubeconfig format, v1 (k8s.io/client-go, tools/clientcmd/api/v1). Fields this client does not use are let through.

const Cluster = z.looseObject({
  server: z.string().nullish(),
  'certificate-authority': z.string().nullish(),
  'certificate-authority-data': z.string().nullish(),
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': z.string().nullish(),
  'proxy-url': z.string().nullish(),
  extensions: z.array(z.looseObject({ name: z.string(), extension: z.unknown() })).nullish(),
})

const User = z.looseObject({
  token: z.string().nullish(),
  tokenFile: z.string().nullish(),
  'client-certificate': z.string().nullish(),
  'client-certificate-data': z.string().nullish(),
  'client-key': z.string().nullish(),
  'client-key-data': z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  as: z.string().nullish(),
  exec: z.looseObject({ command: z.string() }).nullish(),
  'auth-provider': z.looseObject({ name: z.string() }).nullish(),
})

const Context = z.looseObject({
  cluster: z.string(),
  user: z.string().nullish(),
  namespace: z.string().nullish(),
})

const KubeConfigFile = z.looseObject({
  'current-context': z.string().nullish(),
  clusters: z.array(z.looseObject({ name: z.string(), cluster: Cluster })).nullish(),
  users: z.array(z.looseObject({ name: z.string(), user: User.nullish() })).nullish(),
  contexts: z.array(z.looseObject({ name: z.string(), context: Context })).nullish(),
})

export type ClusterEntry = z.infer<typeof Cluster>
export type UserEntry = z.infer<typeof User>
export type ContextEntry = z.infer<typeof Context>

/** One kubeconfig, or several merged: entries by name, file paths absolute. */
export interface KubeConfigEntries {
  readonly currentContext: string | undefined
  readonly clusters: ReadonlyMap<string, ClusterEntry>
  readonly users: ReadonlyMap<string, UserEntry>
  readonly contexts: ReadonlyMap<string, ContextEntry>
}

/** Reads one kubeconfig. */
export async function readKubeConfigFile(path: string): Promise<KubeConfigEntries> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new KubeConfigError(
      'NEXUS_KUBECONFIG_UNREADABLE',
      `cannot read the kubeconfig ${path}: ${messageOf(cause)}`,
      {
        hint: 'Check the file and its permissions, or name another with --kubeconfig.',
        cause,
      },
    )
  })
  return parseKubeConfig(text, path)
}

/** Parses the text of a kubeconfig; `path` names it in errors and anchors the relative paths in it. */
export function parseKubeConfig(text: string, path: string): KubeConfigEntries {
  const parsed = KubeConfigFile.safeParse(parseYaml(text, path) ?? {})
  if (!parsed.success) throw malformed(path, z.prettifyError(parsed.error))
  const { clusters, users, contexts, 'current-context': current } = parsed.data
  const folder = dirname(resolve(path))
  return {
    currentContext: current === null || current === '' ? undefined : current,
    clusters: new Map(clusters?.map(({ name, cluster }) => [name, withAbsolutePaths(cluster, folder)])),
    users: new Map(
      users?.map(({ name, user }) => [name, withAbsoluteCommand(withAbsolutePaths(user ?? {}, folder), folder)]),
    ),
    contexts: new Map(contexts?.map(({ name, context }) => [name, context])),
  }
}

/** Merges as kubectl does: the first file that has an entry, or a current context, wins. */
export function mergeKubeConfigs(files: readonly KubeConfigEntries[]): KubeConfigEntries {
  const latestFirst = files.toReversed()
  return {
    currentContext: files.find(({ currentContext }) => currentContext !== undefined)?.currentContext,
    clusters: new Map(latestFirst.flatMap(({ clusters }) => [...clusters])),
    users: new Map(latestFirst.flatMap(({ users }) => [...users])),
    contexts: new Map(latestFirst.flatMap(({ contexts }) => [...contexts])),
  }
}

/** The value of a YAML text. Messages name the line, never its text: it may be the line with the token. */
function parseYaml(text: string, path: string): unknown {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, lineCounter })
  const [error] = document.errors
  if (error !== undefined) {
    throw malformed(path, `line ${lineCounter.linePos(error.pos[0]).line}: ${redact(error.message)}`)
  }
  try {
    const value: unknown = document.toJS()
    return value
  } catch (cause) {
    // Aliases are resolved here: one without its anchor, or so many of them that they would fill the memory.
    throw malformed(path, redact(messageOf(cause)))
  }
}

function malformed(path: string, why: string): KubeConfigError {
  return new KubeConfigError('NEXUS_KUBECONFIG_MALFORMED', `${path} is not a kubeconfig: ${why}`, {
    hint: `Compare it with \`kubectl config view --kubeconfig ${path}\`, or name another with --kubeconfig.`,
  })
}

const PATH_FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'] as const

/** Paths in a kubeconfig are relative to its folder. */
function withAbsolutePaths<Entry extends ClusterEntry | UserEntry>(entry: Entry, folder: string): Entry {
  const absolute: Record<string, string> = {}
  for (const field of PATH_FIELDS) {
    const value = entry[field]
    if (typeof value === 'string' && value !== '') absolute[field] = resolve(folder, value)
  }
  return { ...entry, ...absolute }
}

/** So is a credential program that is named by a path; a bare name is looked up in PATH. */
function withAbsoluteCommand(user: UserEntry, folder: string): UserEntry {
  const { exec } = user
  if (exec === undefined || exec === null || !exec.command.includes('/')) return user
  return { ...user, exec: { ...exec, command: resolve(folder, exec.command) } }
}
