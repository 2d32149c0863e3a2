import type { KubeClient, WriteOptions } from './client.ts'

/** The same client, whose writes are recorded under `fieldManager` unless a call names another. */
export function withFieldManager(kube: KubeClient, fieldManager: string): KubeClient {
  const managerOf = (options?: WriteOptions): string => options?.fieldManager ?? fieldManager
  return {
    get: (ref, options) => kube.get(ref, options),
    list: (query, options) => kube.list(query, options),
    watch: (query, options) => kube.watch(query, options),
    create: (object, options) => kube.create(object, { ...options, fieldManager: managerOf(options) }),
    replace: (object, options) => kube.replace(object, { ...options, fieldManager: managerOf(options) }),
    patch: (ref, patch, options) => kube.patch(ref, patch, { ...options, fieldManager: managerOf(options) }),
    apply: (object, options) => kube.apply(object, { ...options, fieldManager: managerOf(options) }),
    delete: (ref, options) => kube.delete(ref, options),
  }
}
