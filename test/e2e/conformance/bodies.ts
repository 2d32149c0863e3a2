// Objects that the cases send, as small as they can be.

type Metadata = Readonly<Record<string, unknown>>

export function configMap(name: string, data?: Readonly<Record<string, unknown>>, metadata: Metadata = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, ...(data && { data }) }
}

/** A deployment without replicas: no controller makes pods of it. */
export function deployment(name: string, spec: Readonly<Record<string, unknown>> = {}, metadata: Metadata = {}) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...metadata },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'example/app:1' }] },
      },
      ...spec,
    },
  }
}

export function pod(name: string, spec: Readonly<Record<string, unknown>> = {}, metadata: Metadata = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'main', image: 'example/app:1' }], ...spec },
  }
}

/** `/api/v1/namespaces/<namespace>/<plural>`, or with a group `/apis/<group>/<version>/…`. */
export function pathIn(namespace: string, plural: string, groupVersion = ''): string {
  return `${groupVersion ? `/apis/${groupVersion}` : '/api/v1'}/namespaces/${namespace}/${plural}`
}

/** A kind of which no controller makes objects in every namespace: a whole list is the case's own. */
export function secret(name: string, data?: Readonly<Record<string, unknown>>, metadata: Metadata = {}) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, ...metadata }, ...(data && { data }) }
}
