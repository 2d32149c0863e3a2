import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { DetailedPeerCertificate } from 'node:tls'
import type { Pod } from '@nexus/kube'
import type { NodeKubeClient } from '@nexus/kube/node'
import { MountError } from './mount-error.ts'

/** Where Kubernetes mounts it in a container. */
export const SERVICE_ACCOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'

/** What kubelets ask for: an hour and seven seconds, the mark of a token that is refreshed. */
const TOKEN_SECONDS = 3607
/** A server that accepts connections and says nothing is none. */
const HANDSHAKE_WITHIN_MS = 10_000
/** A token is replaced when this part of its life is over. */
const REFRESH_AFTER = 0.8

export interface TokenIssuer {
  readonly transport: Pick<NodeKubeClient['transport'], 'call'>
}

/** The folder with which a pod's programs call the API: `token`, `ca.crt`, `namespace`. */
export interface ServiceAccountFolder {
  readonly dir: string
  /** PEM. */
  readonly ca: string
}

/**
 * Fills the folder with a token bound to the pod, and answers after how many milliseconds it has to be filled again.
 *
 * @throws MountError where the API server issues no token, in the words of the kubelet
 */
export async function writeServiceAccount(
  { transport }: TokenIssuer,
  pod: Pod,
  { dir, ca }: ServiceAccountFolder,
): Promise<number> {
  const namespace = pod.metadata.namespace ?? 'default'
  const token = await requestToken(transport, pod, namespace)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await Promise.all([
    replaceFile(join(dir, 'token'), token.token),
    replaceFile(join(dir, 'ca.crt'), ca),
    replaceFile(join(dir, 'namespace'), namespace),
  ])
  return Math.max(1000, (Date.parse(token.expires) - Date.now()) * REFRESH_AFTER)
}

/** TokenRequest is a subresource of the ServiceAccount: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
async function requestToken(
  transport: TokenIssuer['transport'],
  pod: Pod,
  namespace: string,
): Promise<{ token: string; expires: string }> {
  const account = pod.spec.serviceAccountName ?? 'default'
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: pod.metadata.name, uid: pod.metadata.uid }
  const answer = await transport.call({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [], expirationSeconds: TOKEN_SECONDS, boundObjectRef },
    }),
  })
  const body: unknown = JSON.parse(answer.text)
  const token = textAt(body, 'status', 'token')
  if (answer.status >= 400 || token === undefined) {
    const why = textAt(body, 'message') ?? `the API server answered ${answer.status}`
    throw new MountError('kube-api-access', `failed to fetch token: ${why}`)
  }
  const hence = new Date(Date.now() + TOKEN_SECONDS * 1000).toISOString()
  return { token, expires: textAt(body, 'status', 'expirationTimestamp') ?? hence }
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    value,
  )
  return typeof found === 'string' ? found : undefined
}

/** A reader sees the old content or the new. */
async function replaceFile(path: string, content: string): Promise<void> {
  await writeFile(`${path}.next`, content, { mode: 0o600 })
  await rename(`${path}.next`, path)
}

/**
 * The certificate at the end of the chain that `url` presents, as PEM: what a pod has to trust where nobody said. It is
 * taken at its word, which is enough on loopback.
 */
export function presentedCa(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const target = { host: hostname, port: Number(port || 443), timeout: HANDSHAKE_WITHIN_MS }
    const socket = connect({ ...target, rejectUnauthorized: false }, () => {
      const last = lastOfChain(socket.getPeerCertificate(true))
      socket.destroy()
      resolve(
        `-----BEGIN CERTIFICATE-----\n${last.raw.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
      )
    })
    socket.on('timeout', () => socket.destroy(new Error(`${url} did not answer the TLS handshake in time`)))
    socket.on('error', reject)
  })
}

function lastOfChain(certificate: DetailedPeerCertificate): DetailedPeerCertificate {
  const issuer = certificate.issuerCertificate
  // A self-signed certificate is its own issuer.
  return issuer === undefined || issuer.fingerprint256 === certificate.fingerprint256
    ? certificate
    : lastOfChain(issuer)
}
