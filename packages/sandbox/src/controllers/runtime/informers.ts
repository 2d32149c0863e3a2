import { messageOf } from '@nexus/core'
import { Kinds, knownKind, startInformer } from '@nexus/kube'
import type { CustomResourceDefinition, Informer, Kind, KubeClient, KubeObject } from '@nexus/kube'

/** Informers that controllers share: one watch per kind, begun when the first controller asks. */
export interface SharedInformers {
  of<T extends KubeObject>(kind: Kind<T>): Informer<T>
  /** Resolves when the cluster serves a custom resource, named like its definition: `inferenceservices.serving.kserve.io`. */
  served(definition: string): Promise<void>
}

export interface SharedInformersOptions {
  readonly kube: KubeClient
  readonly signal: AbortSignal
  readonly log: (line: string) => void
}

export function createSharedInformers({ kube, signal, log }: SharedInformersOptions): SharedInformers {
  const started = new Map<string, Informer<KubeObject>>()

  function of<T extends KubeObject>(kind: Kind<T>): Informer<T> {
    const key = `${kind.apiVersion}/${kind.plural}`
    const onError = (thrown: unknown) => {
      if (!signal.aborted) log(`watching ${kind.plural}: ${messageOf(thrown)}`)
    }
    // oxlint-disable-next-line typescript/consistent-type-assertions -- the map has under each kind the informer begun for it
    const known = started.get(key) as Informer<T> | undefined
    if (known !== undefined) return known
    const informer = startInformer(kube, { kind }, { signal, onError })
    started.set(key, informer)
    // Its kind is not served any more. It may come back, for who asks then.
    void informer.stopped.then(() => started.delete(key))
    return informer
  }

  function served(definition: string): Promise<void> {
    const definitions = of(Kinds.CustomResourceDefinition)
    const found = Promise.withResolvers<void>()
    const look = () => {
      const known = definitions.get(definition)
      if (known && isEstablished(known)) found.resolve()
    }
    const unsubscribe = definitions.onChange(look)
    signal.addEventListener('abort', () => found.reject(signal.reason), { once: true })
    look()
    return found.promise.finally(unsubscribe)
  }

  return { of, served }
}

export function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true
}

/** The kind of a custom resource in the version that is stored, or another served one; undefined when none is served. */
export function customKind({ spec }: CustomResourceDefinition): Kind | undefined {
  const served = spec.versions.filter((version) => version.served)
  const version = served.find(({ storage }) => storage) ?? served[0]
  if (version === undefined) return undefined
  const apiVersion = `${spec.group}/${version.name}`
  const { kind, plural } = spec.names
  return knownKind(apiVersion, kind) ?? { apiVersion, kind, plural, namespaced: spec.scope === 'Namespaced' }
}

/** Kinds of every API server that have objects of their own; the custom ones come with their definitions. */
export const BUILT_IN_KINDS: readonly Kind[] = Object.values(Kinds).filter(
  ({ apiVersion }) => !apiVersion.startsWith('serving.kserve.io/'),
)
