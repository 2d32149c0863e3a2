import { PLATFORM_NAMESPACE } from '@nexus/catalog'
import { withDryRun } from '@nexus/kube'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { confirm } from '../confirm.ts'
import { CliError } from '../errors.ts'
import { changeKeys } from '../gateway-keys.ts'
import type { KeysAnswer, KeySecret, KeyView } from '../gateway-keys.ts'
import { print } from '../output/print.ts'
import type { Column } from '../output/table.ts'
import type { OutputFlags } from '../program.ts'
import type { Shell } from '../shell.ts'

/** The flags of every `nexus gateway keys` command. */
export interface KeysFlags extends ClusterFlags, OutputFlags {
  /** Name of the Secret. */
  readonly secret: string
  readonly dryRun?: boolean
}

export interface CreateFlags extends KeysFlags {
  readonly projects?: string
  readonly models?: string
  readonly requests?: string
  readonly tokens?: string
  readonly concurrency?: string
  readonly expires?: string
  readonly team?: string
}

export interface RotateFlags extends KeysFlags {
  readonly overlap?: string
  readonly expires?: string
}

export interface RevokeFlags extends KeysFlags {
  readonly yes?: boolean
}

/** `nexus gateway keys create NAME`: prints the key, this once. */
export async function keysCreate(name: string, flags: CreateFlags, shell: Shell): Promise<void> {
  const { projects, models, requests, tokens, concurrency, expires, team } = flags
  const given = { projects, models, requests, tokens, concurrency, expires, team }
  await withKeySecret(flags, shell, async (secret) => {
    const answer = await changeKeys(secret, ['create', name, ...toArguments(given)], shell)
    await printMade(answer, flags, shell)
    if (answer.keys[0]?.projects.length === 0) {
      shell.talk(`Key ${name} reaches no project: without --projects it may use static upstreams alone.`)
    }
  })
}

/** `nexus gateway keys rotate NAME`: prints the new key, this once. */
export async function keysRotate(name: string, flags: RotateFlags, shell: Shell): Promise<void> {
  const given = { overlap: flags.overlap, expires: flags.expires }
  await withKeySecret(flags, shell, async (secret) => {
    const answer = await changeKeys(secret, ['rotate', name, ...toArguments(given)], shell)
    await printMade(answer, flags, shell)
  })
}

/** `nexus gateway keys revoke NAME`: asks, then removes every key of that name. */
export async function keysRevoke(name: string, flags: RevokeFlags, shell: Shell): Promise<void> {
  await withKeySecret(flags, shell, async (secret) => {
    const { keys } = await changeKeys(secret, ['list'], shell)
    const gone = keys.filter(({ id }) => id === name)
    if (gone.length === 0) throw notFound(name)
    if (flags.yes !== true && flags.dryRun !== true) {
      shell.talk(gone.map(({ key, createdAt }) => `would revoke ${name} ${key}, made ${createdAt}`).join('\n'))
      await confirm({ question: `Revoke ${name}?`, doing: `Revoking ${name}`, refused: 'Nothing was revoked' }, shell)
    }
    const revoked = (await changeKeys(secret, ['revoke', name], shell)).keys
    if (flags.output === 'json') return shell.out(`${JSON.stringify(revoked, null, 2)}\n`)
    shell.out(`key ${name} revoked${suffix(flags)}\n`)
  })
}

/** `nexus gateway keys list`. */
export async function keysList(flags: KeysFlags, shell: Shell): Promise<void> {
  await withKeySecret(flags, shell, async (secret) => {
    const { keys } = await changeKeys(secret, ['list'], shell)
    const empty = `No keys in Secret ${secret.name} of namespace ${secret.namespace}.`
    await print(shell, flags.output, { rows: keys, columns: COLUMNS, name: ({ id }) => id, empty })
  })
}

const COLUMNS: readonly Column<KeyView>[] = [
  { heading: 'NAME', cell: ({ id }) => id },
  { heading: 'KEY', cell: ({ key }) => key },
  { heading: 'STATE', cell: ({ state }) => state },
  { heading: 'PROJECTS', cell: ({ projects }) => projects.join(',') },
  { heading: 'MODELS', cell: ({ models }) => models?.join(',') ?? 'all' },
  { heading: 'TEAM', cell: ({ team }) => team ?? '', wide: true },
  { heading: 'LIMITS', cell: ({ limits }) => renderLimits(limits), wide: true },
  { heading: 'CREATED', cell: ({ createdAt }) => toMinute(createdAt) },
  { heading: 'EXPIRES', cell: ({ expiresAt }) => (expiresAt === null ? 'never' : toMinute(expiresAt)) },
]

function withKeySecret(flags: KeysFlags, shell: Shell, use: (secret: KeySecret) => Promise<void>): Promise<void> {
  return withCluster(flags, shell, ({ kube }) =>
    use({
      kube: flags.dryRun === true ? withDryRun(kube) : kube,
      namespace: flags.namespace ?? PLATFORM_NAMESPACE,
      name: flags.secret,
    }),
  )
}

/** A key that was made stands alone on standard output, so that a script can take it. A dry run made none. */
async function printMade({ keys, key = '' }: KeysAnswer, flags: KeysFlags, shell: Shell): Promise<void> {
  const [view] = keys
  const isReal = flags.dryRun !== true
  if (flags.output === 'json') return shell.out(`${JSON.stringify({ ...view, ...(isReal && { key }) }, null, 2)}\n`)
  if (!isReal) return shell.out(`key ${view?.id ?? ''} made${suffix(flags)}\n`)
  shell.out(`${key}\n`)
  shell.talk('This is shown once: nobody can read it again. Gateways take it within seconds.')
}

function toArguments(given: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}=${value}`]))
}

function suffix({ dryRun }: KeysFlags): string {
  return dryRun === true ? ' (dry run)' : ''
}

function renderLimits(limits: KeyView['limits']): string {
  return Object.entries(limits)
    .map(([name, value]) => `${name}=${value ?? 'none'}`)
    .join(' ')
}

function toMinute(time: string): string {
  return time.slice(0, 16).replace('T', ' ')
}

function notFound(name: string): CliError {
  return new CliError('NEXUS_CLI_KEY_NOT_FOUND', `there is no key ${name}`, {
    hint: 'See which there are: nexus gateway keys list',
  })
}
