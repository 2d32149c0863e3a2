import type { KubeClient } from './client.ts'

/** The same client, but the server persists nothing: it validates, defaults and answers as if it had. */
export function withDryRun(kube: KubeClient): KubeClient {
  // Every method spelled out: a new one does not compile until someone decides whether it writes.
  return {
    get: (ref, options) => kube.get(ref, options),
    list: (query, options) => kube.list(query, options),
    watch: (query, options) => kube.watch(query, options),
    create: (object, options) => kube.create(object, { ...options, dryRun: 'All' }),
    replace: (object, options) => kube.replace(object, { ...options, dryRun: 'All' }),
    patch: (ref, patch, options) => kube.patch(ref, patch, { ...options, dryRun: 'All' }),
    apply: (object, options) => kube.apply(object, { ...options, dryRun: 'All' }),
    delete: (ref, options) => kube.delete(ref, { ...options, dryRun: 'All' }),
  }
}
