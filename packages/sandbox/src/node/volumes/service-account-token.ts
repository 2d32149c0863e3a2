import type { Pod } from '@nexus/kube'
import type { NodeKubeClient } from '@nexus/kube/node'
import type { TokenProjection } from './payload.ts'

/** What a projection that does not say asks for: an hour. */
const DEFAULT_SECONDS = 3600
/** A token is replaced when this part of its life is over. */
const REFRESH_AFTER = 0.8
/** A server may give tokens of a shorter life than asked for; it is not asked more often than this. */
const SHORTEST_REFRESH_MS = 1000

export interface TokenIssuer {
  readonly transport: Pick<NodeKubeClient['transport'], 'call'>
}

export interface ServiceAccountToken {
  readonly token: string
  /** When to ask for the next one, in milliseconds since the epoch. */
  readonly refreshAt: number
}

/**
 * A token of the pod's ServiceAccount, bound to the pod. TokenRequest is a subresource of the ServiceAccount:
 * https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
 *
 * @throws Error in the kubelet's words where the API server issues none
 */
export async function requestToken(
  { transport }: TokenIssuer,
  { metadata, spec }: Pod,
  { audience, expirationSeconds = DEFAULT_SECONDS }: TokenProjection,
): Promise<ServiceAccountToken> {
  const { name, uid, namespace = 'default' } = metadata
  const answer = await transport.call({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName ?? 'default'}/token`,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience === undefined ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
      },
    }),
  })
  const body: unknown = JSON.parse(answer.text)
  const token = textAt(body, 'status', 'token')
  if (answer.status >= 400 || token === undefined) {
    throw new Error(`failed to fetch token: ${textAt(body, 'message') ?? `the API server answered ${answer.status}`}`)
  }
  const expires = Date.parse(textAt(body, 'status', 'expirationTimestamp') ?? '')
  const lifeMs = Number.isNaN(expires) ? expirationSeconds * 1000 : expires - Date.now()
  return { token, refreshAt: Date.now() + Math.max(SHORTEST_REFRESH_MS, lifeMs * REFRESH_AFTER) }
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    value,
  )
  return typeof found === 'string' ? found : undefined
}
