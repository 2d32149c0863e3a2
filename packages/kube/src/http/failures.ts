import { redact } from '@nexus/core'
import { KubeApiError } from '../errors.ts'
import type { KubeRequest, KubeStatus } from '../errors.ts'
import { isRecord, parseJson } from './json.ts'
import { TransportFailure } from './transport.ts'

/** A call as its errors name it. */
export interface Attempt {
  /** What was being done to what: `creating Secret demo/nim-api-key-llama`. */
  readonly doing: string
  /** The same as `kubectl auth can-i` asks it: `create secrets -n demo`. */
  readonly asked: string
  readonly request: KubeRequest
}

/** Reasons for answers that carry no `Status`, as the API server names them (k8s.io/apimachinery, meta/v1 StatusReason). */
const REASON_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** The error for an answer of status 400 or above, whatever its body is. */
export function refusal(attempt: Attempt, status: number, body: string): KubeApiError {
  const parsed = parseStatus(body)
  const said = parsed?.message ?? foreignBody(status, body)
  return new KubeApiError(
    'NEXUS_KUBE_REFUSED',
    redact(`${attempt.doing}: ${said}`),
    { status, reason: parsed?.reason ?? REASON_OF_STATUS[status] ?? 'Unknown', body: parsed, request: attempt.request },
    { hint: refusalHint(attempt, status, parsed) },
  )
}

/** The error for a call that got no whole answer. */
export function noAnswer(attempt: Attempt, server: string, failure: TransportFailure): KubeApiError {
  const timeout = failure.kind === 'timeout'
  return new KubeApiError(
    timeout ? 'NEXUS_KUBE_TIMEOUT' : 'NEXUS_KUBE_UNREACHABLE',
    redact(`${attempt.doing}: no answer from ${server} (${failure.message})`),
    { status: 0, reason: timeout ? 'Timeout' : 'Unreachable', request: attempt.request },
    { hint: failureHint(failure, server), cause: failure },
  )
}

/** The error for an answer of status 200 that is not what the API sends: a login page, a truncated body. */
export function brokenAnswer(attempt: Attempt, server: string, body: string): KubeApiError {
  return new KubeApiError(
    'NEXUS_KUBE_UNREACHABLE',
    redact(`${attempt.doing}: ${server} did not answer as a Kubernetes API server (${excerpt(body)})`),
    { status: 0, reason: 'Unreachable', request: attempt.request },
    { hint: `Check that ${server} is the API server's address: a proxy or a login page may answer in its place.` },
  )
}

/** Any error of a transport as a `KubeApiError`; what it did not raise on purpose (an abort) stays what it is. */
export function explain(attempt: Attempt, server: string, thrown: unknown): unknown {
  return thrown instanceof TransportFailure ? noAnswer(attempt, server, thrown) : thrown
}

/** The `Status` of an error's body, or undefined where something else answered (a proxy, an old handler). */
export function parseStatus(body: string): KubeStatus | undefined {
  const value = parseJson(body)
  return isStatus(value) ? value : undefined
}

/** Whether a value is a `Status` object; of its parts, those that decide something here are checked. */
export function isStatus(value: unknown): value is KubeStatus {
  return (
    isRecord(value) &&
    value['kind'] === 'Status' &&
    isTextOrMissing(value['message']) &&
    isTextOrMissing(value['reason']) &&
    (value['details'] === undefined || isRecord(value['details']))
  )
}

function isTextOrMissing(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

function foreignBody(status: number, body: string): string {
  const words = excerpt(body)
  return `the server answered ${status}${words === '' ? '' : ` (${words})`}`
}

/** The first words of a text or HTML page, for a message. */
function excerpt(body: string): string {
  const words = body
    .slice(0, 4096)
    .replaceAll(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return words.length > 160 ? `${words.slice(0, 160)}…` : words
}

function refusalHint(attempt: Attempt, status: number, body: KubeStatus | undefined): string | undefined {
  if (status === 401) {
    return 'The credentials of this context are not accepted: log in again, or choose another context (`kubectl config get-contexts`).'
  }
  if (status === 403) return `Ask your cluster admin for the right; check with \`kubectl auth can-i ${attempt.asked}\`.`
  if (status === 404 && body?.details?.name === undefined) {
    return 'The cluster may lack this kind: `kubectl api-resources` lists the kinds it has.'
  }
  return undefined
}

function failureHint(failure: TransportFailure, server: string): string {
  switch (failure.kind) {
    case 'tls':
      return tlsHint(failure, server)
    case 'timeout':
      return 'Try again; `kubectl get --raw /readyz` tells whether the API server is well.'
    case 'reset':
    case 'unreachable':
      return 'Is the cluster running? `nexus up` starts a sandbox, `kubectl config get-contexts` lists other clusters.'
    default:
      return failure.kind satisfies never
  }
}

/** By the names that Node gives to OpenSSL's errors. */
function tlsHint({ cause }: TransportFailure, server: string): string {
  const code = isRecord(cause) && typeof cause['code'] === 'string' ? cause['code'] : ''
  if (code.startsWith('ERR_OSSL_')) {
    return 'The certificate or key of this user in the kubeconfig cannot be used: log in to the cluster again.'
  }
  if (code.startsWith('ERR_SSL_')) return `Does ${server} speak TLS? Check the server's address in the kubeconfig.`
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The certificate is for another name: use that name as the server's, or set tls-server-name of this cluster in the kubeconfig.`
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return `Renew the certificate of ${server}, or set the clock of this machine.`
    default:
      return `The certificate of ${server} is not trusted: set certificate-authority-data of this cluster in the kubeconfig.`
  }
}
