import type { SecretText } from '@nexus/core'
import type { Secret } from '@nexus/kube'
import { z } from 'zod'
import { KEY_HINT_ANNOTATION, KEY_SET_BY_ANNOTATION } from '../../api/metadata.ts'
import type { KeyInput } from '../../types.ts'
import type { KeyVersion, SecretVersion } from './rotation.ts'

/** Where the image comes from decides for which host the key is a password. */
export interface NextKey extends KeyInput {
  /** `nvcr.io` or a mirror's host. */
  readonly registryHost: string
}

const API_KEY = 'NGC_API_KEY'
const DOCKER_CONFIG = '.dockerconfigjson'
/** The literal user name of NVIDIA's registry. */
const OAUTH_USER = '$oauthtoken'

const DockerConfig = z.looseObject({
  auths: z.record(z.string(), z.looseObject({ username: z.string().optional(), auth: z.string().optional() })),
})

/** What a Secret holds now. */
export function versionOf({ metadata: { annotations = {} }, data = {} }: Secret): SecretVersion {
  const keyHint = annotations[KEY_HINT_ANNOTATION]
  const setBy = annotations[KEY_SET_BY_ANNOTATION]
  return { data, ...(keyHint !== undefined && { keyHint }), ...(setBy !== undefined && { setBy }) }
}

/** The two Secrets with another key in them. What else they hold stays: other data, other registries. Pure. */
export function withKey(previous: KeyVersion, next: NextKey): KeyVersion {
  const { key, setBy, registryHost } = next
  const about = { keyHint: key.hint(), setBy }
  const config = withPassword(previous.pull.data[DOCKER_CONFIG] ?? '', key, registryHost)
  return {
    apiKey: { ...about, data: withValue(previous.apiKey.data, key) },
    pull: { ...about, data: { ...previous.pull.data, [DOCKER_CONFIG]: config } },
  }
}

/** Some writers keep the key under a second name, too. */
function withValue(data: Record<string, string>, key: SecretText): Record<string, string> {
  const old = data[API_KEY]
  const value = btoa(key.reveal())
  const copies = Object.entries(data).map(([name, held]) => [name, held === old ? value : held] as const)
  return { ...Object.fromEntries(copies), [API_KEY]: value }
}

function withPassword(base64: string, key: SecretText, registryHost: string): string {
  const config = parseConfig(base64)
  const password = key.reveal()
  const auth = btoa(`${OAUTH_USER}:${password}`)
  const ours = Object.entries(config.auths).filter(([, entry]) => isOurs(entry))
  const hosts = ours.length === 0 ? [registryHost] : ours.map(([host]) => host)
  // Text that already says it stays as it is, whatever the order of its fields.
  if (ours.length > 0 && ours.every(([, entry]) => entry['password'] === password)) return base64
  const auths = hosts.map((host) => [host, { ...config.auths[host], username: OAUTH_USER, password, auth }] as const)
  return btoa(JSON.stringify({ ...config, auths: { ...config.auths, ...Object.fromEntries(auths) } }))
}

function isOurs({ username, auth }: { username?: string | undefined; auth?: string | undefined }): boolean {
  return username === OAUTH_USER || (username === undefined && auth?.startsWith(btoa('$oauthtok')) === true)
}

/** Bytes above ASCII pass through: `atob` and `btoa` map bytes to characters and back. */
function parseConfig(base64: string): z.infer<typeof DockerConfig> {
  try {
    return DockerConfig.safeParse(JSON.parse(atob(base64))).data ?? { auths: {} }
  } catch {
    return { auths: {} }
  }
}

/** Whether two versions hold the same, whoever gave it. */
export function isSameVersion(a: SecretVersion, b: SecretVersion): boolean {
  const names = new Set([...Object.keys(a.data), ...Object.keys(b.data)])
  return [...names].every((name) => a.data[name] === b.data[name])
}
