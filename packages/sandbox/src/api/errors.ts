import { StatusError } from './status.ts'
import type { StatusCause } from './status.ts'

/** The resource an error is about, as its details and its sentence name it. */
export interface Subject {
  readonly group: string
  readonly plural: string
  readonly kind: string
}

/** `deployments.apps "llama"`: how the API server quotes an object. */
function quoted({ group, plural }: Subject, name: string): string {
  return `${plural}${group && `.${group}`} "${name}"`
}

function details({ group, plural }: Subject, name: string): { name: string; group?: string; kind: string } {
  return group ? { name, group, kind: plural } : { name, kind: plural }
}

/** An object beyond what etcd takes: the API server passes its refusal on without a reason. */
export function objectTooLarge(): StatusError {
  return new StatusError(500, '', 'etcdserver: request is too large')
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message)
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized')
}

export function forbidden(subject: Subject, name: string, why: string, causes?: StatusCause[]): StatusError {
  return new StatusError(403, 'Forbidden', `${quoted(subject, name)} is forbidden: ${why}`, {
    ...details(subject, name),
    ...(causes && { causes }),
  })
}

export function notFound(subject: Subject, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${quoted(subject, name)} not found`, details(subject, name))
}

/** A path that leads nowhere, or a resource that is not served. */
export function noSuchResource(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
}

/** What pods of this server cannot do, because they are processes and no containers. */
export function notRun(subresource: string): StatusError {
  const message = `pods of the sandbox are processes of this machine, without ${subresource}: read their log, or look at their folder`
  return new StatusError(501, 'NotImplemented', message, {})
}

export function methodNotAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource'
  return new StatusError(405, 'MethodNotAllowed', message, {})
}

export function alreadyExists(subject: Subject, name: string, isBeingDeleted = false): StatusError {
  const why = isBeingDeleted ? 'object is being deleted: ' : ''
  return new StatusError(409, 'AlreadyExists', `${why}${quoted(subject, name)} already exists`, details(subject, name))
}

export function conflict(subject: Subject, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${quoted(subject, name)}: ${why}`
  return new StatusError(409, 'Conflict', message, details(subject, name))
}

/** A precondition that a deletion names and that does not hold. */
export function preconditionFailed({ group, kind }: Subject, name: string, why: string): StatusError {
  // The API server names the kind where it names the resource elsewhere.
  return conflict({ group, plural: kind, kind }, name, why)
}

/** The answer to a write that was based on an older `resourceVersion`. */
export function modified(subject: Subject, name: string): StatusError {
  const why = 'the object has been modified; please apply your changes to the latest version and try again'
  return conflict(subject, name, why)
}

/** A `resourceVersion` in a body that is none: the API server passes on what its parser says. */
export function unreadableVersion(text: string): StatusError {
  return new StatusError(500, '', `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`)
}

/** A `resourceVersion` that no write has reached yet. */
export function tooLargeVersion(wanted: number, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${wanted}, current: ${current}`
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  return new StatusError(504, 'Timeout', message, { causes, retryAfterSeconds: 1 })
}

/** A `resourceVersion` that is older than what the server remembers: the client lists again. */
export function expired(message: string, metadata: { continue?: string } = {}): StatusError {
  return new StatusError(410, 'Expired', message, undefined, metadata)
}

export function unsupportedMediaType(message: string): StatusError {
  return new StatusError(415, 'UnsupportedMediaType', message)
}

/** Everything wrong with an object at once. */
export function invalid({ group, kind }: Subject, name: string, causes: StatusCause[]): StatusError {
  const sentences = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))]
  const listed = sentences.length === 1 ? sentences.join('') : `[${sentences.join(', ')}]`
  const qualified = group ? `${kind}.${group}` : kind
  return new StatusError(422, 'Invalid', `${qualified} "${name}" is invalid: ${listed}`, {
    ...(name && { name }),
    ...(group && { group }),
    kind,
    causes,
  })
}

/** Options of a request that contradict each other, or are none. */
export function invalidOptions(kind: string, causes: StatusCause[]): StatusError {
  return invalid({ group: 'meta.k8s.io', plural: '', kind }, '', causes)
}
