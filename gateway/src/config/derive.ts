import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isFields, type Draft, type Path } from './draft.ts'
import type { Environment } from './environment.ts'
import { keyHash } from './lists.ts'
import { NEEDS_CLUSTER } from './schema/kubernetes.ts'

const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Fills in what follows from other values or from where the process runs. Nothing that somebody set is changed. */
export function deriveValues(draft: Draft, env: Environment): void {
  deriveCluster(draft, env)
  deriveAlgorithms(draft)
  deriveUpstreams(draft)
  quoteCauses(draft)
}

/** What Kubernetes tells every pod. */
function deriveCluster(draft: Draft, env: Environment): void {
  const ambient = (path: Path, name: string, value: string | undefined): void => {
    if (value !== undefined && draft.get(path) === undefined) draft.set(path, value, { kind: 'variable', name })
  }
  // One API server serves them all, wherever it was said.
  inherit(draft, ['discovery', 'apiUrl'], ['kubernetes', 'apiUrl'])
  inherit(draft, ['discovery', 'serviceAccountDir'], ['kubernetes', 'serviceAccountDir'])
  ambient(['kubernetes', 'apiUrl'], 'KUBERNETES_SERVICE_HOST', ambientApiUrl(env))
  ambient(
    ['kubernetes', 'serviceAccountDir'],
    'NEXUS_SERVICE_ACCOUNT_DIR',
    env['NEXUS_SERVICE_ACCOUNT_DIR'] || undefined,
  )
  const dir = draft.get(['kubernetes', 'serviceAccountDir']) ?? SERVICE_ACCOUNT_DIR
  if (needsCluster(draft) && draft.get(['kubernetes', 'namespace']) === undefined && typeof dir === 'string') {
    const namespace = readNamespace(dir)
    const origin = { kind: 'file', file: join(dir, 'namespace'), line: 1 } as const
    if (namespace !== undefined) draft.set(['kubernetes', 'namespace'], namespace, origin)
  }
  if (draft.get(['discovery', 'kind']) !== 'kubernetes') return
  inherit(draft, ['kubernetes', 'apiUrl'], ['discovery', 'apiUrl'])
  inherit(draft, ['kubernetes', 'serviceAccountDir'], ['discovery', 'serviceAccountDir'])
  if (draft.get(['discovery', 'serviceAccountDir']) === undefined) {
    draft.set(['discovery', 'serviceAccountDir'], SERVICE_ACCOUNT_DIR, undefined)
  }
}

function ambientApiUrl(env: Environment): string | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? ''
  if (host === '') return undefined
  return `https://${host.includes(':') ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] || '443'}`
}

function readNamespace(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, 'namespace'), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

/** The fields that cannot work without an API server. */
function clusterUses(draft: Draft): Path[] {
  const upstreams = draft.get(['upstreams'])
  const services = (Array.isArray(upstreams) ? upstreams : []).flatMap((upstream, index): Path[] =>
    isFields(upstream) && upstream['service'] !== undefined ? [['upstreams', index, 'service']] : [],
  )
  const secret: Path[] = draft.get(['auth', 'secret']) === undefined ? [] : [['auth', 'secret']]
  const discovery: Path[] = draft.get(['discovery', 'kind']) === 'kubernetes' ? [['discovery', 'kind']] : []
  return [...discovery, ...secret, ...services]
}

function needsCluster(draft: Draft): boolean {
  return clusterUses(draft).length > 0
}

/** Reports what needs the API of a cluster where nothing says how to reach one. */
export function checkCluster(draft: Draft): { path: Path; message: string }[] {
  const apiUrl = draft.get(['kubernetes', 'apiUrl']) ?? draft.get(['discovery', 'apiUrl'])
  const uses = clusterUses(draft)
  return apiUrl === undefined ? uses.map((path) => ({ path, message: NEEDS_CLUSTER })) : []
}

/** A public key says by itself which algorithms it can verify. */
function deriveAlgorithms(draft: Draft): void {
  const jwt = ['auth', 'jwt']
  if (draft.get([...jwt, 'algorithms']) !== undefined) return
  const publicKey = draft.get([...jwt, 'publicKey'])
  if (typeof publicKey === 'string') {
    draft.set([...jwt, 'algorithms'], algorithmsOf(publicKey), draft.originOf([...jwt, 'publicKey']))
  } else if (draft.get([...jwt, 'jwksUrl']) !== undefined) {
    draft.set([...jwt, 'algorithms'], ['RS256', 'ES256'], draft.originOf([...jwt, 'jwksUrl']))
  }
}

const CURVES = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
])

function algorithmsOf(pem: string): string[] {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(pem)
    const algorithm = asymmetricKeyType === 'ec' ? CURVES.get(asymmetricKeyDetails?.namedCurve ?? '') : undefined
    return [algorithm ?? 'RS256']
  } catch {
    return ['RS256'] // the schema will say what is wrong with the key
  }
}

/** Every upstream has all settings: its own, else those of all upstreams. */
function deriveUpstreams(draft: Draft): void {
  if (draft.get(['timeouts']) === undefined) draft.set(['timeouts'], {}, undefined)
  inherit(draft, ['timeouts'], ['upstreamDefaults', 'timeouts'])
  const upstreams = draft.get(['upstreams'])
  if (!Array.isArray(upstreams)) return
  for (const [index, upstream] of upstreams.entries()) {
    if (isFields(upstream)) inherit(draft, ['upstreamDefaults'], ['upstreams', index])
  }
}

/** YAML reads a status without quotes as a number. */
function quoteCauses(draft: Draft): void {
  const models = draft.get(['models'])
  for (const index of Array.isArray(models) ? models.keys() : []) {
    const path = ['models', index, 'fallback', 'on']
    const causes = draft.get(path)
    if (!Array.isArray(causes) || !causes.some((cause) => typeof cause === 'number')) continue
    const quoted = causes.map((cause: unknown) => (typeof cause === 'number' ? String(cause) : cause))
    draft.set(path, quoted, draft.originOf(path))
  }
}

/** Copies what is set at one path to where nothing is set at the other, with its origin; lists count as one value. */
function inherit(draft: Draft, from: Path, to: Path): void {
  const value = draft.get(from)
  const present = draft.get(to)
  if (value === undefined || (present !== undefined && !(isFields(value) && isFields(present)))) return
  if (!isFields(value)) return draft.set(to, structuredClone(value), draft.originOf(from))
  if (present === undefined) draft.set(to, {}, draft.originOf(from))
  for (const field of Object.keys(value)) inherit(draft, [...from, field], [...to, field])
}

/** Leaves only digests of keys behind: what has no key cannot show one. An entry that says both is left to the schema. */
export function hashKeys(draft: Draft): void {
  const keys = draft.get(['auth', 'keys'])
  if (!Array.isArray(keys)) return
  for (const [index, entry] of keys.entries()) {
    const key = isFields(entry) && entry['hash'] === undefined ? entry['key'] : undefined
    if (typeof key !== 'string' || key === '') continue
    const path: Path = ['auth', 'keys', index]
    draft.set([...path, 'hash'], keyHash(key), draft.originOf([...path, 'key']))
    draft.delete([...path, 'key'])
  }
}
