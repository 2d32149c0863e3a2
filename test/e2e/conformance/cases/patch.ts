import { configMap, deployment, pathIn } from '../bodies.ts'
import type { ConformanceCase, Request, ServerUnderTest } from '../case.ts'

export const area = 'patches: JSON, merge, strategic'

const JSON_PATCH = 'application/json-patch+json'
const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'

/** A deployment with the lists that merge item by item. */
const rich = deployment(
  'one',
  {
    template: {
      metadata: { labels: { app: 'one' } },
      spec: {
        containers: [
          {
            name: 'a',
            image: 'example/a:1',
            args: ['x', 'y'],
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
            ports: [{ containerPort: 80, name: 'http' }, { containerPort: 90 }],
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
          { name: 'b', image: 'example/b:1' },
        ],
        imagePullSecrets: [{ name: 's1' }],
        tolerations: [{ key: 'a', operator: 'Exists' }],
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'w', configMap: { name: 'c' } },
        ],
      },
    },
  },
  { labels: { a: '1', b: '2' }, finalizers: ['x.io/a', 'x.io/b'] },
)

/** Dry runs: each patch meets the same object, and no controller reacts. */
async function patchRich(server: ServerUnderTest, contentType: string, patches: readonly unknown[]): Promise<void> {
  const path = pathIn(server.namespace, 'deployments', 'apps/v1')
  const made = await server.prepare({ method: 'POST', path: `${path}?dryRun=All`, body: rich })
  if (made.status !== 201) return
  await server.prepare({ method: 'POST', path, body: rich })
  for (const body of patches) await server.send(dryPatch(`${path}/one`, contentType, body))
  await server.prepare({ method: 'PATCH', path: `${path}/one`, body: NO_FINALIZERS, contentType: MERGE })
}

const NO_FINALIZERS = { metadata: { finalizers: null } }

/** The status is the controllers' business, and the revision that they note. */
function dryPatch(path: string, contentType: string, body: unknown): Request {
  return { method: 'PATCH', path: `${path}?dryRun=All`, body, contentType, compared: withoutStatus }
}

function withoutStatus(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('spec' in body) || !('metadata' in body)) return body
  const { metadata } = body
  const labels = typeof metadata === 'object' && metadata !== null ? Object.entries(metadata) : []
  const kept = labels.filter(([key]) => ['labels', 'finalizers', 'ownerReferences'].includes(key))
  return { spec: body.spec, metadata: Object.fromEntries(kept) }
}

const inPod = (spec: unknown): unknown => ({ spec: { template: { spec } } })
const inA = (fields: object): unknown => inPod({ containers: [{ name: 'a', ...fields }] })

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a strategic merge patch changes, adds and removes items of named lists',
    async run(server) {
      await patchRich(server, STRATEGIC, [
        inA({ image: 'example/a:2' }),
        inPod({ containers: [{ name: 'c', image: 'example/c:1' }] }),
        inPod({ containers: [{ name: 'b', $patch: 'delete' }] }),
        inPod({ containers: [{ $patch: 'replace' }, { name: 'z', image: 'example/z:1' }] }),
        inA({
          env: [
            { name: 'A', $patch: 'delete' },
            { name: 'C', value: '3' },
          ],
        }),
        inA({ ports: [{ containerPort: 80, name: 'web' }] }),
        inA({
          volumeMounts: [
            { mountPath: '/v', subPath: 's' },
            { name: 'w', mountPath: '/w' },
          ],
        }),
        inPod({ imagePullSecrets: [{ name: 's2' }] }),
      ])
    },
  },
  {
    title: 'a strategic merge patch replaces lists without names, and merges objects',
    async run(server) {
      await patchRich(server, STRATEGIC, [
        inA({ args: ['z'] }),
        inPod({ tolerations: [{ key: 'b', operator: 'Exists' }] }),
        inPod({ nodeSelector: { a: 'b' } }),
        { metadata: { labels: { a: null, c: '3' } } },
        { spec: { strategy: { type: 'Recreate' } } },
        {},
      ])
    },
  },
  {
    title: 'a strategic merge patch follows its directives',
    async run(server) {
      await patchRich(server, STRATEGIC, [
        inPod({
          '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
          containers: [{ name: 'a', image: 'x' }],
        }),
        inPod({ volumes: [{ name: 'v', $retainKeys: ['name', 'secret'], secret: { secretName: 's' } }] }),
        { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
        { spec: { strategy: { $patch: 'replace', type: 'Recreate' } } },
        { metadata: { labels: { $patch: 'replace', c: '3' } } },
        { metadata: { labels: { $patch: 'delete' } } },
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['x.io/a'] } },
        { metadata: { '$setElementOrder/finalizers': ['x.io/c', 'x.io/b', 'x.io/a'], finalizers: ['x.io/c'] } },
      ])
    },
  },
  {
    title: 'a strategic merge patch that makes no sense is refused',
    async run(server) {
      await patchRich(server, STRATEGIC, [
        inPod({ containers: [{ image: 'x' }] }),
        inPod({ containers: [{ name: 'a', $patch: 'merge' }] }),
        { spec: { $patch: 'unknown' } },
        { metadata: { name: 'other' } },
        { metadata: { resourceVersion: '1' } },
        { metadata: { uid: 'x' } },
        { kind: 'Pod' },
        [1],
      ])
    },
  },
  {
    title: 'a merge patch replaces lists and removes what is null',
    async run(server) {
      await patchRich(server, MERGE, [
        { metadata: { labels: { a: null } } },
        { metadata: { labels: null } },
        inPod({ containers: [{ name: 'z', image: 'example/z:1' }] }),
        { spec: { replicas: 0 } },
        { metadata: { name: null } },
        { metadata: { name: 'other' } },
        { metadata: { namespace: 'other' } },
        { metadata: { resourceVersion: '1' } },
        { metadata: { uid: 'x' } },
        [],
      ])
    },
  },
  {
    title: 'a JSON patch applies all of its operations or none',
    async run(server) {
      const containers = '/spec/template/spec/containers'
      await patchRich(server, JSON_PATCH, [
        [{ op: 'test', path: '/spec/replicas', value: 1 }],
        [
          { op: 'test', path: '/spec/replicas', value: 0 },
          { op: 'replace', path: '/spec/minReadySeconds', value: 3 },
        ],
        [{ op: 'remove', path: '/metadata/labels/a' }],
        [{ op: 'remove', path: '/metadata/labels/absent' }],
        [{ op: 'add', path: '/metadata/labels/x~1y', value: 'z' }],
        [{ op: 'add', path: `${containers}/-`, value: { name: 'q', image: 'example/q:1' } }],
        [{ op: 'add', path: `${containers}/0`, value: { name: 'q', image: 'example/q:1' } }],
        [{ op: 'add', path: `${containers}/9`, value: {} }],
        [{ op: 'replace', path: `${containers}/9`, value: {} }],
        [{ op: 'copy', from: '/metadata/labels/a', path: '/metadata/labels/c' }],
        [{ op: 'move', from: '/metadata/labels/a', path: '/metadata/labels/c' }],
        [{ op: 'test', path: '/spec/absent', value: null }],
        [{ op: 'unknown', path: '/spec' }],
        [{ op: 'add' }],
        [{ op: 'replace', path: '/metadata/resourceVersion', value: '1' }],
        [{ op: 'replace', path: '/metadata/name', value: 'other' }],
        [{ op: 'remove', path: '/metadata' }],
        [],
        {},
        [1],
      ])
    },
  },
  {
    title: 'patches of /status and /scale change nothing else',
    async run(server) {
      const path = `${pathIn(server.namespace, 'replicasets', 'apps/v1')}/one`
      await server.prepare({
        method: 'POST',
        path: pathIn(server.namespace, 'replicasets', 'apps/v1'),
        body: { ...deployment('one'), kind: 'ReplicaSet' },
      })
      const body = { spec: { replicas: 7 }, metadata: { annotations: { a: 'b' } } }
      for (const contentType of [MERGE, STRATEGIC]) {
        await server.send(dryPatch(`${path}/status`, contentType, body))
        await server.send({ method: 'PATCH', path: `${path}/scale?dryRun=All`, body, contentType })
        const negative = { spec: { replicas: -1 } }
        await server.send({ method: 'PATCH', path: `${path}/scale?dryRun=All`, body: negative, contentType })
      }
      const set = [{ op: 'add', path: '/spec/replicas', value: 3 }]
      await server.send({ method: 'PATCH', path: `${path}/scale?dryRun=All`, body: set, contentType: JSON_PATCH })
    },
  },
  {
    title: 'a patch needs an object, and a media type that is known',
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'configmaps')
      for (const contentType of [MERGE, STRATEGIC])
        await send({ method: 'PATCH', path: `${path}/absent`, body: {}, contentType })
      await send({ method: 'PATCH', path: `${path}/absent`, body: [], contentType: JSON_PATCH })
      await prepare({ method: 'POST', path, body: configMap('one') })
      for (const contentType of ['application/json', 'application/unknown+json', 'text/plain'])
        await send({ method: 'PATCH', path: `${path}/one`, body: {}, contentType })
    },
  },
  {
    title: 'a patch that changes nothing is no write',
    managedFields: true,
    async run({ namespace, send, prepare }) {
      const path = pathIn(namespace, 'configmaps')
      await prepare({ method: 'POST', path: `${path}?fieldManager=maker`, body: configMap('one', { a: '1' }) })
      const body = { data: { a: '1' } }
      for (const contentType of [MERGE, STRATEGIC]) {
        await send({ method: 'PATCH', path: `${path}/one?fieldManager=patcher`, body, contentType })
      }
    },
  },
]
