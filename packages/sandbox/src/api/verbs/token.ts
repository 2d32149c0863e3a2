import { quotedList } from '../authorization/escalation.ts'
import { ISSUER } from '../authentication/service-account-tokens.ts'
import type { ServiceAccountTokens } from '../authentication/service-account-tokens.ts'
import type { User } from '../authentication/user.ts'
import { timestamp } from '../cluster.ts'
import type { Call } from '../cluster.ts'
import { badRequest, conflict, invalid, notFound } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { readObject } from '../objects/field-validation.ts'
import { fieldAt, listAt, numberAt, stringAt } from '../objects/fields.ts'
import type { Resource } from '../resources/resource.ts'
import { invalidValue } from '../validation/cause.ts'
import { requireObject } from './update.ts'

const DEFAULT_SECONDS = 3600
const SHORTEST_SECONDS = 600
const LONGEST_SECONDS = 2 ** 32
const REVIEWS = { group: 'authentication.k8s.io', apiVersion: 'authentication.k8s.io/v1' }

/** POST on `serviceaccounts/<name>/token`: a token with which a pod's program speaks as its ServiceAccount. */
export function requestToken(call: Call, sent: unknown): object {
  const account = requireObject(call)
  const body = readObject(asTokenRequest(call), sent)
  const seconds = numberAt(body, 'spec', 'expirationSeconds') ?? DEFAULT_SECONDS
  checkRequest(body, account, seconds)
  const named = listAt(body, 'spec', 'audiences').filter((audience) => typeof audience === 'string')
  const audiences = named.length === 0 ? [ISSUER] : named
  const boundTo = boundObject(call, account, fieldAt(body, 'spec', 'boundObjectRef'))
  // A dry run, too: nothing is stored of a token.
  const { authenticator, clock } = call.cluster
  const { token, expires } = authenticator.tokens.issue({ account, audiences, seconds, ...(boundTo && { boundTo }) })
  const { name, namespace, uid } = account.metadata
  return {
    kind: 'TokenRequest',
    apiVersion: REVIEWS.apiVersion,
    metadata: { name, namespace, uid, creationTimestamp: timestamp(clock()) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: fieldAt(body, 'spec', 'boundObjectRef') ?? null },
    status: { token, expirationTimestamp: timestamp(expires) },
  }
}

let tokenRequests: Resource | undefined

/** The call as one for a TokenRequest, which is what its body holds. */
function asTokenRequest(call: Call): Call {
  // One for all calls: the schema of a resource is remembered with it.
  tokenRequests ??= { ...call.resource, ...REVIEWS, version: 'v1', kind: 'TokenRequest' }
  return { ...call, resource: tokenRequests, path: { ...call.path, name: '' } }
}

function checkRequest({ metadata }: ApiObject, { metadata: { name } }: ApiObject, seconds: number): void {
  const subject = { group: REVIEWS.group, plural: 'tokenrequests', kind: 'TokenRequest' }
  if (metadata.name !== '' && metadata.name !== name) {
    const cause = invalidValue('metadata.name', metadata.name, 'must match the service account name if specified')
    throw invalid(subject, name, [cause])
  }
  const limit =
    seconds < SHORTEST_SECONDS ? 'less than 10 minutes' : seconds > LONGEST_SECONDS ? 'larger than 2^32 seconds' : ''
  if (limit === '') return
  throw invalid(subject, '', [invalidValue('spec.expirationSeconds', seconds, `may not specify a duration ${limit}`)])
}

const PLURALS: Readonly<Record<string, string>> = { Pod: 'pods', Secret: 'secrets' }

/** The pod or Secret with which the token is to end. */
function boundObject({ cluster, path }: Call, account: ApiObject, reference: unknown): ApiObject | undefined {
  if (reference === undefined || reference === null) return undefined
  const [kind = '', name = '', uid = ''] = ['kind', 'name', 'uid'].map((key) => stringAt(reference, key))
  const plural = PLURALS[kind]
  if (plural === undefined || stringAt(reference, 'apiVersion') !== 'v1') {
    throw badRequest(`cannot bind token to object of type /${stringAt(reference, 'apiVersion') ?? ''}, Kind=${kind}`)
  }
  if (name === '') throw badRequest('Name parameter required.')
  const subject = { group: '', plural, kind }
  const object = cluster.store.get(plural, path.namespace, name)
  if (!object) throw notFound(subject, name)
  checkBound(object, account, uid)
  return object
}

function checkBound(object: ApiObject, account: ApiObject, uid: string): void {
  const { kind, metadata } = object
  const runsAs = stringAt(object, 'spec', 'serviceAccountName')
  if (kind === 'Pod' && runsAs !== account.metadata.name) {
    const quoted = JSON.stringify(account.metadata.name)
    throw badRequest(
      `cannot bind token for serviceaccount ${quoted} to pod running with different serviceaccount name.`,
    )
  }
  if (uid === '' || uid === metadata.uid) return
  const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`
  throw conflict({ group: '', plural: kind, kind }, metadata.name, why)
}

/** POST on `selfsubjectreviews` (`kubectl auth whoami`): who the request comes from. */
export function reviewSelf(call: Call, body: unknown): object {
  readObject(call, body)
  const { cluster, user } = call
  return {
    kind: 'SelfSubjectReview',
    apiVersion: REVIEWS.apiVersion,
    metadata: { creationTimestamp: timestamp(cluster.clock()) },
    status: { userInfo: user },
  }
}

/** POST on `tokenreviews`: whose token it is, and whether it is for one of the audiences that ask. */
export function reviewToken(call: Call, sent: unknown): object {
  const { cluster } = call
  const body = readObject(call, sent)
  const token = stringAt(body, 'spec', 'token') ?? ''
  if (token === '') throw badRequest('token is required for TokenReview in authentication')
  const asking = listAt(body, 'spec', 'audiences').filter((audience) => typeof audience === 'string')
  const audiences = asking.length === 0 ? [ISSUER] : asking
  const found = cluster.authenticator.fromToken(token, audiences)
  return {
    kind: 'TokenReview',
    apiVersion: REVIEWS.apiVersion,
    metadata: {},
    spec: { token, ...(asking.length > 0 && { audiences: asking }) },
    status: found ? knownToken(found) : { user: {}, error: whyUnknown(cluster.authenticator.tokens, token, audiences) },
  }
}

function knownToken({ user, audiences }: { user: User; audiences: string[] }): object {
  return { authenticated: true, user, audiences }
}

/** What nobody has is told apart from what was issued for others. */
function whyUnknown(tokens: ServiceAccountTokens, token: string, asking: readonly string[]): string {
  const why = 'invalid bearer token'
  const own = tokens.audiencesOf(token)
  if (!own || own.some((audience) => asking.includes(audience))) return why
  return `[${why}, token audiences ${quotedList(own)} is invalid for the target audiences ${quotedList(asking)}]`
}
