import type { ObjectPath } from '../http/path.ts'

/** A wish to do something with objects. */
export interface ResourceAttributes {
  readonly kind: 'resource'
  /** `get`, `list`, `watch`, …; also those that no method stands for: `impersonate`, `bind`, `escalate`. */
  readonly verb: string
  readonly group: string
  /** `deployments`. */
  readonly resource: string
  /** `status`; empty for the object itself. */
  readonly subresource: string
  /** Empty for cluster-scoped resources and for all namespaces. */
  readonly namespace: string
  /** Empty for collections. */
  readonly name: string
}

/** A wish to read something that is no object: `/version`. */
interface PathAttributes {
  readonly kind: 'path'
  /** The method in small letters. */
  readonly verb: string
  readonly path: string
}

/** What a request wants to do, as roles speak of it. */
export type Attributes = ResourceAttributes | PathAttributes

/** What a request for something that is no object wants to do. */
export function attributesOfPath(method: string, path: string): Attributes {
  return { kind: 'path', verb: method.toLowerCase(), path }
}

/** What a request for objects wants to do. */
export function attributesOfObjects(method: string, path: ObjectPath, query: URLSearchParams): ResourceAttributes {
  const { group, plural, subresource } = path
  const verb = verbOf(method, path.name !== '', query)
  return {
    kind: 'resource',
    verb,
    group,
    resource: plural,
    subresource,
    // A namespace stands in itself: who may read it by a role in it may read it.
    namespace: group === '' && plural === 'namespaces' ? path.name : path.namespace,
    name: path.name || (COLLECTION_VERBS.has(verb) ? nameSelectedBy(query) : ''),
  }
}

const COLLECTION_VERBS = new Set(['list', 'watch', 'deletecollection'])

function verbOf(method: string, named: boolean, query: URLSearchParams): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (named) return 'get'
      return isWatch(query) ? 'watch' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return named ? 'delete' : 'deletecollection'
    default:
      return ''
  }
}

/** Whether a GET of a collection is a watch. A boolean of a query as kube-apiserver reads it: all but two words are true. */
export function isWatch(query: URLSearchParams): boolean {
  const watch = query.get('watch')
  return watch !== null && watch !== '0' && watch.toLowerCase() !== 'false'
}

/** A list of `metadata.name=x` asks for one object, so that a role for that name allows it. */
function nameSelectedBy(query: URLSearchParams): string {
  const terms = (query.get('fieldSelector') ?? '').split(',')
  const [, name = ''] = terms.map((term) => /^metadata\.name==?([^=].*)$/.exec(term.trim())).find(Boolean) ?? []
  return name
}
