import type { User } from '../authentication/user.ts'
import type { Attributes } from '../authorization/attributes.ts'
import { aggregated } from '../authorization/authorizer.ts'
import type { PolicyRule } from '../authorization/rules.ts'
import type { Call } from '../cluster.ts'
import { badRequest } from '../errors.ts'
import { readObject } from '../objects/field-validation.ts'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import { StatusError } from '../status.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue } from '../validation/cause.ts'

const GROUP = 'authorization.k8s.io'
const OBJECTS = 'resourceAttributes'
const PATHS = 'nonResourceAttributes'

/** The kinds that ask what somebody may do. They are answered and not kept. */
export const ACCESS_REVIEWS: ReadonlySet<string> = new Set([
  'LocalSubjectAccessReview',
  'SelfSubjectAccessReview',
  'SelfSubjectRulesReview',
  'SubjectAccessReview',
])

/**
 * POST of an access review (`kubectl auth can-i`).
 * @throws StatusError 422 where it does not ask exactly one thing of somebody.
 */
export function reviewAccess(call: Call, body: unknown): object {
  const { resource, path } = call
  const { spec } = readObject(call, body)
  const metadata = path.namespace === '' ? {} : { namespace: path.namespace }
  const review = { kind: resource.kind, apiVersion: resource.apiVersion, metadata }
  if (resource.kind === 'SelfSubjectRulesReview') return { ...review, spec: {}, status: reviewRules(call, spec) }
  const isSelf = resource.kind === 'SelfSubjectAccessReview'
  const causes = [...(isSelf ? [] : checkSubject(spec)), ...checkQuestion(spec), ...checkPlace(call, spec)]
  if (causes.length > 0) throw invalidReview(causes)
  const status = call.cluster.authorizer.decide(isSelf ? call.user : subjectOf(spec), attributesIn(spec))
  return { ...review, spec: echoed(spec), status }
}

function reviewRules({ cluster, user }: Call, spec: unknown): object {
  const namespace = stringAt(spec, 'namespace') ?? ''
  if (namespace === '') throw badRequest('no namespace on request')
  const { rules, problems } = cluster.authorizer.rulesFor(user, namespace)
  return {
    resourceRules: rules.filter(({ resources }) => resources.length > 0).map((rule) => resourceRule(rule)),
    nonResourceRules: rules.filter(isOfUrls).map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
    ...(problems.length > 0 && { evaluationError: aggregated(problems) }),
  }
}

function isOfUrls({ nonResourceURLs }: PolicyRule): boolean {
  return nonResourceURLs.length > 0
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule): object {
  return { verbs, apiGroups, resources, ...(resourceNames.length > 0 && { resourceNames }) }
}

function checkSubject(spec: unknown): StatusCause[] {
  if (stringAt(spec, 'user') || listAt(spec, 'groups').length > 0) return []
  return [invalidValue('spec.user', '', 'at least one of user or group must be specified')]
}

function checkQuestion(spec: unknown): StatusCause[] {
  const [objects, paths] = [fieldAt(spec, OBJECTS) ?? null, fieldAt(spec, PATHS) ?? null]
  if (objects !== null && paths !== null) {
    return [invalidValue(`spec.${PATHS}`, quoted(paths), 'cannot be specified in combination with resourceAttributes')]
  }
  if (objects !== null || paths !== null) return []
  return [invalidValue(`spec.${OBJECTS}`, null, `exactly one of ${PATHS} or ${OBJECTS} must be specified`)]
}

/** A LocalSubjectAccessReview asks of objects in its own namespace. */
function checkPlace({ path }: Call, spec: unknown): StatusCause[] {
  if (path.namespace === '') return []
  const paths = fieldAt(spec, PATHS) ?? null
  if (paths !== null) return [invalidValue(`spec.${PATHS}`, quoted(paths), 'disallowed on this kind of request')]
  const namespace = stringAt(spec, OBJECTS, 'namespace') ?? ''
  if (namespace === path.namespace) return []
  return [invalidValue(`spec.${OBJECTS}.namespace`, namespace, 'must match metadata.namespace')]
}

/** As Go quotes a struct. */
function quoted(paths: unknown): object {
  return { Path: stringAt(paths, 'path') ?? '', Verb: stringAt(paths, 'verb') ?? '' }
}

/** kube-apiserver names no kind here. */
function invalidReview(causes: StatusCause[]): StatusError {
  const sentences = causes.map(({ field, message }) => `${field}: ${message}`)
  const listed = sentences.length === 1 ? sentences.join('') : `[${sentences.join(', ')}]`
  return new StatusError(422, 'Invalid', `.${GROUP} "" is invalid: ${listed}`, { group: GROUP, causes })
}

function subjectOf(spec: unknown): User {
  return { username: stringAt(spec, 'user') ?? '', groups: stringsOf(listAt(spec, 'groups')) }
}

function stringsOf(list: readonly unknown[]): string[] {
  return list.filter((one) => typeof one === 'string')
}

function attributesIn(spec: unknown): Attributes {
  const paths = fieldAt(spec, PATHS)
  if (isRecord(paths)) return { kind: 'path', verb: stringAt(paths, 'verb') ?? '', path: stringAt(paths, 'path') ?? '' }
  const text = (field: string): string => stringAt(spec, OBJECTS, field) ?? ''
  return {
    kind: 'resource',
    verb: text('verb'),
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    namespace: text('namespace'),
    name: text('name'),
  }
}

const SPEC_FIELDS = [OBJECTS, PATHS, 'user', 'groups', 'extra', 'uid']

function echoed(spec: unknown): object {
  return Object.fromEntries(
    SPEC_FIELDS.flatMap((field) => {
      const value = fieldAt(spec, field) ?? undefined
      return value === undefined ? [] : [[field, value] as const]
    }),
  )
}
