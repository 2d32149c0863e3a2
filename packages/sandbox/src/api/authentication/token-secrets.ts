import type { Cluster } from '../cluster.ts'
import type { ApiObject } from '../object.ts'
import { isRecord } from '../objects/fields.ts'
import { afterChanges } from '../store/after-changes.ts'
import type { ObjectStore } from '../store/store.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'

/** The type of a Secret that asks for a token of a ServiceAccount. */
export const TOKEN_SECRET = 'kubernetes.io/service-account-token'
/** The annotation that names the account. */
export const ACCOUNT_NAME = 'kubernetes.io/service-account.name'
const ACCOUNT_UID = 'kubernetes.io/service-account.uid'

const SECRETS = 'secrets'
const ACCOUNTS = 'serviceaccounts'

type Signer = Pick<Cluster, 'store' | 'authenticator' | 'onFault'>

/**
 * Puts a token, the server's certificate and the namespace into every Secret that asks for them, and removes those whose
 * account is gone, now and after each change. On a real cluster this is a controller's work, one that holds the signing key.
 */
export function keepTokenSecrets({ store, authenticator: { tokens }, onFault }: Signer, caPem: string): void {
  const settle = (secret: ApiObject): void => settleSecret(store, tokens, { secret, caPem })
  const plan = afterChanges(onFault)
  // Planned, too: a Secret that would be too large with its token must not keep the server from starting.
  for (const secret of store.list(SECRETS)) if (isTokenSecret(secret)) plan(() => settle(secret))
  store.subscribe(SECRETS, ({ type, object }) => {
    if (type !== 'DELETED' && isTokenSecret(object)) plan(() => settle(object))
  })
  store.subscribe(ACCOUNTS, ({ type, object }) => {
    if (type !== 'MODIFIED') plan(() => secretsOf(store, object).forEach((secret) => settle(secret)))
  })
}

function isTokenSecret(secret: ApiObject): boolean {
  return secret['type'] === TOKEN_SECRET
}

function secretsOf(store: ObjectStore, { metadata: { namespace = '', name } }: ApiObject): ApiObject[] {
  const secrets = store.list(SECRETS, namespace).filter((secret) => isTokenSecret(secret))
  return secrets.filter(({ metadata }) => metadata.annotations?.[ACCOUNT_NAME] === name)
}

function settleSecret(
  store: ObjectStore,
  tokens: ServiceAccountTokens,
  { secret: { metadata }, caPem }: { secret: ApiObject; caPem: string },
): void {
  const { namespace = '', name } = metadata
  const secret = store.get(SECRETS, namespace, name)
  if (!secret || secret.metadata.deletionTimestamp !== undefined) return
  const { annotations = {}, finalizers = [] } = secret.metadata
  const account = store.get(ACCOUNTS, namespace, annotations[ACCOUNT_NAME] ?? '')
  if (!account || (annotations[ACCOUNT_UID] ?? account.metadata.uid) !== account.metadata.uid) {
    if (finalizers.length === 0) store.remove(SECRETS, secret)
    return
  }
  const filled = withToken(secret, { account, tokens, caPem })
  if (filled) store.put(SECRETS, filled)
}

interface Contents {
  readonly account: ApiObject
  readonly tokens: ServiceAccountTokens
  readonly caPem: string
}

/** The Secret with what it lacks, or undefined where it is complete. */
function withToken(secret: ApiObject, { account, tokens, caPem }: Contents): ApiObject | undefined {
  const data = isRecord(secret['data']) ? secret['data'] : {}
  const { annotations = {}, namespace = '' } = secret.metadata
  const isComplete = ['token', 'ca.crt', 'namespace'].every((key) => Boolean(data[key]))
  if (isComplete && annotations[ACCOUNT_UID] !== undefined) return undefined
  return {
    ...secret,
    metadata: { ...secret.metadata, annotations: { ...annotations, [ACCOUNT_UID]: account.metadata.uid ?? '' } },
    data: {
      ...data,
      'ca.crt': data['ca.crt'] || encoded(caPem),
      namespace: data['namespace'] || encoded(namespace),
      token: data['token'] || encoded(tokens.issueLasting(account, secret)),
    },
  }
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64')
}
