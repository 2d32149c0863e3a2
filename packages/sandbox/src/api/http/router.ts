import type { IncomingMessage, ServerResponse } from 'node:http'
import { admitRequest } from '../authorization/admit-request.ts'
import { attributesOfObjects, attributesOfPath, isWatch } from '../authorization/attributes.ts'
import type { Attributes } from '../authorization/attributes.ts'
import type { Call, Cluster } from '../cluster.ts'
import { methodNotAllowed, noSuchResource, notRun } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { hasSubresource } from '../resources/resource.ts'
import type { Resource, Verb } from '../resources/resource.ts'
import { ACCESS_REVIEWS, reviewAccess } from '../verbs/access-review.ts'
import { applyObject } from '../verbs/apply.ts'
import { bindPod } from '../verbs/binding.ts'
import { createObject } from '../verbs/create.ts'
import { deleteCollection, deleteObject } from '../verbs/delete.ts'
import type { Deletion } from '../verbs/delete.ts'
import { streamLog } from '../verbs/log.ts'
import { patchObject } from '../verbs/patch.ts'
import { forwardPorts } from '../verbs/port-forward.ts'
import { getObject, listObjects } from '../verbs/read.ts'
import { applyScale, patchScale, readScale, replaceScale } from '../verbs/scale.ts'
import { requestToken, reviewSelf, reviewToken } from '../verbs/token.ts'
import { replaceObject } from '../verbs/update.ts'
import { watchObjects } from '../verbs/watch.ts'
import { checkWriteOptions, isApply } from '../verbs/write-options.ts'
import { fieldValidationOf } from '../objects/field-validation.ts'
import { sendJson, sendPageNotFound, sendText, sendValue } from './answer.ts'
import { contentTypeOf, parseBody, readBody } from './body.ts'
import { duplicateFields } from './duplicate-fields.ts'
import { describeServer, sendDescription } from './information.ts'
import { listText } from './list-text.ts'
import { answerForm } from './negotiation.ts'
import type { AnswerForm } from './negotiation.ts'
import { checkName, parseObjectPath, versionAt } from './path.ts'
import type { ApiVersion, ObjectPath } from './path.ts'
import { viewOne, viewPage } from './view.ts'
import { warn } from './warnings.ts'

/** The checks can be asked one by one: there is one process, and it either answers or does not. */
const HEALTH = /^\/(healthz|livez|readyz)(?:\/(?:ping|log|etcd)?)?$/

/** What kubectl asks of pods that only containers could do: a person is told more than that it is not there. */
const NOT_RUN = new Set(['exec', 'attach', 'ephemeralcontainers'])

/** One request on its way: what it asks and where the answer goes. */
interface Exchange {
  readonly call: Call
  readonly form: AnswerForm
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * Answers one request. The body is read first; from there to the answer nothing waits, so that every write sees the
 * state it changes.
 */
export async function answer(cluster: Cluster, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, query } = targetOf(request)
  const path = parseObjectPath(pathname)
  // Before anything is said of the cluster, and before a body is read.
  const user = admitRequest(cluster, request, attributesOf(request, pathname, query, path))
  const health = HEALTH.exec(pathname)?.[1]
  if (health !== undefined) return sendText(response, 200, healthText(health, query))
  if (!path) return describe(cluster, pathname, request, response)
  const resource = cluster.registry.find(path.group, path.version, path.plural)
  if (resource?.storageKey === 'pods' && NOT_RUN.has(path.subresource)) throw notRun(path.subresource)
  if (!resource || !isServed(resource, path)) return sendNothing(cluster, path, response)
  checkName(path)
  const userAgent = request.headers['user-agent'] ?? ''
  const call = { cluster, resource, path, query, user, userAgent, ...NO_FIELDS }
  const form = answerForm(request.headers.accept, query.get('includeObject'))
  await serve({ call, form, request, response })
}

function attributesOf(
  { method = '' }: IncomingMessage,
  pathname: string,
  query: URLSearchParams,
  path: ObjectPath | undefined,
): Attributes {
  return path ? attributesOfObjects(method, path, query) : attributesOfPath(method, pathname)
}

function healthText(check: string, query: URLSearchParams): string {
  return query.has('verbose') ? `[+]ping ok\n[+]log ok\n[+]etcd ok\n${check} check passed\n` : 'ok'
}

/**
 * Path and query as they were sent: `URL` would resolve `configmaps/..` to the namespace. A target may name the server, too
 * (RFC 9112 section 3.2.2).
 */
function targetOf({ url = '/' }: IncomingMessage): { pathname: string; query: URLSearchParams } {
  const target = url.replace(/^https?:\/\/[^/?]*/i, '')
  const [pathname = ''] = target.split('?', 1)
  return { pathname, query: new URLSearchParams(target.slice(pathname.length + 1)) }
}

/** What is missing is a resource of a version that is served, or a page that nobody has. */
function sendNothing({ registry }: Cluster, { group, version }: ApiVersion, response: ServerResponse): void {
  if (version !== '' && registry.all().some((one) => one.group === group)) throw noSuchResource()
  sendPageNotFound(response)
}

/**
 * A namespace in the path needs a resource that has namespaces, a name of such a resource its namespace. What is answered
 * and not kept has no names.
 */
function isServed(resource: Resource, { namespace, name, subresource }: ObjectPath): boolean {
  if (resource.namespaced ? namespace === '' && name !== '' : namespace !== '') return false
  if (name !== '' && resource.verbs.every((verb) => verb === 'create')) return false
  return subresource === '' || hasSubresource(resource, subresource)
}

function describe(cluster: Cluster, pathname: string, request: IncomingMessage, response: ServerResponse): void {
  const { accept, host = '' } = request.headers
  const resources = cluster.registry.all()
  const described = describeServer(pathname, accept, resources, host)
  if (!described) return sendNothing(cluster, versionAt(pathname), response)
  if (request.method !== 'GET') throw methodNotAllowed()
  sendDescription(response, described, accept)
}

function verbOf(method: string, named: boolean): Verb {
  switch (method) {
    case 'GET':
      return named ? 'get' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return named ? 'delete' : 'deletecollection'
    default:
      throw methodNotAllowed()
  }
}

async function serve(exchange: Exchange): Promise<void> {
  const { call, request } = exchange
  const verb = verbOf(request.method ?? '', call.path.name !== '')
  checkVerb(call, verb)
  if (call.path.subresource === 'portforward') return forwardPorts(call, request, exchange.response)
  if (verb === 'get' || verb === 'list') return read(exchange)
  const contentType = contentTypeOf(request)
  checkWriteOptions(call.query, verb, contentType)
  const bytes = await readBody(request)
  // The media types of patches end in `+json` or `+yaml`: what they mean is the patch's business, how they parse is not.
  const body = parseBody(bytes, verb === 'patch' ? patchEncoding(contentType) : contentType, call.resource.kind)
  const writing = { ...call, ...fieldsOf(call, verb, bytes, contentType) }
  try {
    const { code, value } = write(writing, verb, body, contentType)
    warn(exchange.response, writing.warnings)
    sendValue(exchange.response, code, value(exchange.form), exchange.form)
  } catch (error) {
    warn(exchange.response, writing.warnings)
    throw error
  }
}

type Fields = Pick<Call, 'fieldValidation' | 'duplicates' | 'warnings'>

const NO_FIELDS: Fields = { fieldValidation: 'Ignore', duplicates: [], warnings: [] }
const OPTIONS: Partial<Record<Verb, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
}

/** What is known of the fields of a body before it is read as an object. */
function fieldsOf({ query }: Call, verb: Verb, body: Buffer, contentType: string): Fields {
  const options = OPTIONS[verb]
  const fieldValidation = options === undefined ? 'Ignore' : fieldValidationOf(query, options)
  if (fieldValidation === 'Ignore') return { fieldValidation, duplicates: [], warnings: [] }
  const duplicates = duplicateFields(body, contentType)
  const isJsonPatch = contentType === 'application/json-patch+json'
  return {
    fieldValidation,
    duplicates: isJsonPatch ? duplicates.map((duplicate) => `json patch ${duplicate}`) : duplicates,
    warnings: [],
  }
}

function patchEncoding(contentType: string): string {
  return contentType.endsWith('yaml') ? 'application/yaml' : 'application/json'
}

/** Refuses what discovery does not offer: a collection takes no PUT, a name no POST, all namespaces at once no write. */
function checkVerb({ resource, path }: Call, verb: Verb): void {
  const { verbs } = resource.subresources.find(({ name }) => name === path.subresource) ?? resource
  const needsName = verb === 'update' || verb === 'patch'
  const needsCollection = verb === 'create' && path.subresource === ''
  const everywhere = resource.namespaced && path.namespace === ''
  if (!verbs.includes(verb) || (everywhere && verb !== 'list')) throw methodNotAllowed()
  if ((needsName && path.name === '') || (needsCollection && path.name !== '')) throw methodNotAllowed()
}

async function read({ call, form, response }: Exchange): Promise<void> {
  const { resource, path, query, cluster } = call
  // One object is watched by its name as a field selector.
  if (path.name === '' && isWatch(query)) return watchObjects(call, form, response)
  if (path.subresource === 'log') return streamLog(call, response)
  if (path.subresource === 'scale') return sendValue(response, 200, readScale(call), form)
  const now = cluster.clock()
  if (path.name !== '') return sendValue(response, 200, viewOne(getObject(call), resource, form, now), form)
  const page = listObjects(call)
  if (form.view === 'object' && form.encoding === 'json') return sendJson(response, 200, listText(page, resource))
  sendValue(response, 200, viewPage(page, resource, form, now), form)
}

/** What a write answers: the status code, and the body in the view the client asked for. */
interface Written {
  readonly code: number
  readonly value: (form: AnswerForm) => object
}

function write(call: Call, verb: Verb, body: unknown, contentType: string): Written {
  switch (verb) {
    case 'create':
      return created(call, body)
    case 'update':
      return call.path.subresource === 'scale'
        ? plain(200, replaceScale(call, body))
        : shown(call, 200, replaceObject(call, body))
    case 'patch':
      return patched(call, body, contentType)
    case 'delete':
      return deleted(call, deleteObject(call, body))
    case 'deletecollection':
      return collection(call, deleteCollection(call, body))
    case 'get':
    case 'list':
    case 'watch':
      throw methodNotAllowed()
    default:
      return verb satisfies never
  }
}

function patched(call: Call, body: unknown, contentType: string): Written {
  const apply = isApply(contentType)
  if (call.path.subresource === 'scale') {
    return plain(200, apply ? applyScale(call, body) : patchScale(call, body, contentType))
  }
  if (!apply) return shown(call, 200, patchObject(call, body, contentType))
  const { object, created: isNew } = applyObject(call, body)
  return shown(call, isNew ? 201 : 200, object)
}

function plain(code: number, value: object): Written {
  return { code, value: () => value }
}

function shown({ resource, cluster }: Call, code: number, object: ApiObject): Written {
  return { code, value: (form) => viewOne(object, resource, form, cluster.clock()) }
}

function created(call: Call, body: unknown): Written {
  const { resource, path } = call
  if (path.subresource === 'token') return plain(201, requestToken(call, body))
  if (path.subresource === 'binding') return plain(201, bindPod(call, body))
  if (resource.kind === 'SelfSubjectReview') return plain(201, reviewSelf(call, body))
  if (resource.kind === 'TokenReview') return plain(201, reviewToken(call, body))
  if (ACCESS_REVIEWS.has(resource.kind)) return plain(201, reviewAccess(call, body))
  return shown(call, 201, createObject(call, body))
}

/** The kinds whose deletion is answered with the object itself even when it is gone. */
const ANSWERED_WITH_OBJECT = new Set(['Pod', 'Service', 'ServiceAccount', 'PersistentVolumeClaim', 'PersistentVolume'])

function deleted(call: Call, { object, gone }: Deletion): Written {
  const { resource } = call
  if (!gone || (!resource.custom && ANSWERED_WITH_OBJECT.has(resource.kind))) return shown(call, 200, object)
  const { name, uid } = object.metadata
  const group = resource.group && { group: resource.group }
  const details = { name, ...group, kind: resource.plural, uid }
  return plain(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })
}

function collection({ resource, cluster }: Call, items: ApiObject[]): Written {
  const metadata = { resourceVersion: String(cluster.store.version) }
  return { code: 200, value: (form) => viewPage({ items, metadata }, resource, form, cluster.clock()) }
}
