import type { KubeClient } from './client.ts'

/** The same client, whose writes are recorded under `fieldManager` unless a call names another. */
export function withFieldManager(kube: KubeClient, fieldManager: string): KubeClient {
  return {
    get: (ref, options) => kube.get(ref, options),
    list: (query, options) => kube.list(query, options),
    watch: (query, options) => kube.watch(query, options),
    create: (object, options) => kube.create(object, { fieldManager, ...options }),
    replace: (object, options) => kube.replace(object, { fieldManager, ...options }),
    patch: (ref, patch, options) => kube.patch(ref, patch, { fieldManager, ...options }),
    apply: (object, options) => kube.apply(object, { fieldManager, ...options }),
    delete: (ref, options) => kube.delete(ref, options),
  }
}
