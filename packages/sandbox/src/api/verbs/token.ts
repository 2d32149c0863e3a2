import { timestamp } from '../cluster.ts'
import type { Call } from '../cluster.ts'
import { badRequest, invalid } from '../errors.ts'
import { fieldAt, numberAt, stringAt } from '../objects/fields.ts'
import { isDryRun } from './dry-run.ts'
import { requireObject } from './update.ts'

const DEFAULT_SECONDS = 3600
const SHORTEST_SECONDS = 600
const LONGEST_SECONDS = 2 ** 32
const AUDIENCE = 'https://kubernetes.default.svc'
const REVIEWS = { group: 'authentication.k8s.io', apiVersion: 'authentication.k8s.io/v1' }

/** POST on `serviceaccounts/<name>/token`: a token with which a pod's program speaks as its ServiceAccount. */
export function requestToken(call: Call, body: unknown): object {
  const account = requireObject(call)
  const seconds = numberAt(body, 'spec', 'expirationSeconds') ?? DEFAULT_SECONDS
  checkSeconds(seconds, account.metadata.name)
  const { authenticator, clock } = call.cluster
  const issued = isDryRun(call.query)
    ? { token: '', expires: new Date(clock().getTime() + seconds * 1000) }
    : authenticator.issue(account, seconds)
  return {
    kind: 'TokenRequest',
    apiVersion: REVIEWS.apiVersion,
    metadata: {
      name: account.metadata.name,
      namespace: account.metadata.namespace,
      creationTimestamp: timestamp(clock()),
    },
    spec: {
      audiences: fieldAt(body, 'spec', 'audiences') ?? [AUDIENCE],
      expirationSeconds: seconds,
      boundObjectRef: fieldAt(body, 'spec', 'boundObjectRef') ?? null,
    },
    status: { token: issued.token, expirationTimestamp: timestamp(issued.expires) },
  }
}

function checkSeconds(seconds: number, name: string): void {
  if (!Number.isInteger(seconds)) throw badRequest('spec.expirationSeconds: must be a whole number')
  if (seconds < SHORTEST_SECONDS) throw wrongDuration(name, 'may not specify a duration less than 10 minutes')
  if (seconds > LONGEST_SECONDS) throw wrongDuration(name, 'may not specify a duration larger than 2^32 seconds')
}

function wrongDuration(name: string, why: string): Error {
  const message = `Invalid value: ${why}`
  const subject = { group: REVIEWS.group, plural: 'tokenrequests', kind: 'TokenRequest' }
  return invalid(subject, name, [{ reason: 'FieldValueInvalid', message, field: 'spec.expirationSeconds' }])
}

/** POST on `selfsubjectreviews` (`kubectl auth whoami`): who the request comes from. */
export function reviewSelf({ cluster, user }: Call): object {
  return {
    kind: 'SelfSubjectReview',
    apiVersion: REVIEWS.apiVersion,
    metadata: { creationTimestamp: timestamp(cluster.clock()) },
    status: { userInfo: user },
  }
}

/** POST on `tokenreviews`: whose token it is. The token itself is not repeated in the answer. */
export function reviewToken({ cluster }: Call, body: unknown): object {
  const user = cluster.authenticator.fromToken(stringAt(body, 'spec', 'token') ?? '')
  const status = user
    ? { authenticated: true, user, audiences: [AUDIENCE] }
    : { authenticated: false, error: 'invalid bearer token' }
  return { kind: 'TokenReview', apiVersion: REVIEWS.apiVersion, metadata: {}, spec: {}, status }
}
