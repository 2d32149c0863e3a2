import { NexusError } from '@nexus/core'
import type { KubeClient, ListQuery, ObjectRef } from './client.ts'
import { knownKind } from './kinds/index.ts'
import type { KubeObject } from './objects.ts'

/** A client that is bound to one namespace was asked for another: a bug of the caller, stopped before any request. */
export class NamespaceError extends NexusError<'NEXUS_KUBE_NAMESPACE'> {
  override readonly name = 'NamespaceError'
}

/**
 * The same client, bound to `namespace`: it fills in the namespace where a namespaced kind has none and rejects with
 * `NamespaceError` where it has another. Cluster-scoped kinds pass; kinds that are not in `Kinds` count as namespaced.
 */
export function withNamespace(kube: KubeClient, namespace: string): KubeClient {
  const ref = <T extends KubeObject>(each: ObjectRef<T>): ObjectRef<T> => refIn(namespace, each)
  const object = <T extends KubeObject>(each: T): T => objectIn(namespace, each)
  // Async functions, so that a NamespaceError is a rejection like any other.
  return {
    get: async (each, options) => kube.get(ref(each), options),
    list: async (query, options) => kube.list(queryIn(namespace, query), options),
    watch: (query, options) => kube.watch(queryIn(namespace, query), options),
    create: async (each, options) => kube.create(object(each), options),
    replace: async (each, options) => kube.replace(object(each), options),
    patch: async (each, patch, options) => kube.patch(ref(each), patch, options),
    apply: async (each, options) => kube.apply(object(each), options),
    delete: async (each, options) => kube.delete(ref(each), options),
  }
}

function refIn<T extends KubeObject>(namespace: string, ref: ObjectRef<T>): ObjectRef<T> {
  if (!ref.kind.namespaced) return ref
  checkNamespace(namespace, ref.namespace, `${ref.kind.kind} "${ref.name}"`)
  return { ...ref, namespace }
}

function queryIn<T extends KubeObject>(namespace: string, query: ListQuery<T>): ListQuery<T> {
  if (!query.kind.namespaced) return query
  checkNamespace(namespace, query.namespace, query.kind.plural)
  return { ...query, namespace }
}

function objectIn<T extends KubeObject>(namespace: string, object: T): T {
  if (knownKind(object.apiVersion, object.kind)?.namespaced === false) return object
  checkNamespace(namespace, object.metadata.namespace, `${object.kind} "${object.metadata.name}"`)
  return { ...object, metadata: { ...object.metadata, namespace } }
}

function checkNamespace(namespace: string, asked: string | undefined, what: string): void {
  if (asked === undefined || asked === namespace) return
  throw new NamespaceError(
    'NEXUS_KUBE_NAMESPACE',
    `${what} is in namespace "${asked}", the client is bound to "${namespace}"`,
    {
      hint: `Name "${namespace}", or use a client without a namespace.`,
    },
  )
}
