import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldAt, listAt } from './objects/fields.ts'
import { hasKubectl, kubectlFor } from './testing/kubectl.ts'
import type { Kubectl } from './testing/kubectl.ts'
import { startTestServer } from './testing/test-server.ts'
import type { TestServer } from './testing/test-server.ts'

const container = { name: 'main', image: 'busybox:1' }

/** One object of each kind that a deployment is made of, and a change that kubectl makes to it. */
const OBJECTS = [
  {
    resource: 'configmap',
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: 'b' } },
  },
  {
    resource: 'secret',
    object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, data: { a: 'Yg==' } },
  },
  {
    resource: 'pod',
    object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one' }, spec: { containers: [container] } },
  },
  {
    resource: 'service',
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8000 }] },
    },
  },
  {
    resource: 'persistentvolumeclaim',
    object: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'weights' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  },
  {
    resource: 'deployment',
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
      },
    },
  },
  {
    resource: 'widget',
    object: { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'small' }, spec: { size: 1 } },
  },
]

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}

describe.skipIf(!hasKubectl)('kubectl', () => {
  let api: TestServer
  let kubectl: Kubectl

  beforeAll(async () => {
    api = await startTestServer()
    kubectl = await kubectlFor(api)
    await kubectl(['apply', '-f', '-'], DEFINITION)
    await kubectl(['create', 'namespace', 'demo'])
  })
  afterAll(() => api[Symbol.asyncDispose]())

  async function read(resource: string, name: string): Promise<unknown> {
    const { stdout } = await kubectl(['get', resource, name, '-n', 'demo', '-o', 'json'])
    return JSON.parse(stdout)
  }

  test('a definition is established as soon as it is applied', async () => {
    const waited = await kubectl(['wait', '--for=condition=Established', 'crd/widgets.example.com', '--timeout=5s'])
    expect(waited).toMatchObject({
      code: 0,
      stdout: 'customresourcedefinition.apiextensions.k8s.io/widgets.example.com condition met\n',
    })
  })

  test.each(OBJECTS)('a $resource lives its whole life', async ({ resource, object }) => {
    const { name } = object.metadata
    const run = (...args: string[]): ReturnType<Kubectl> => kubectl([...args, '-n', 'demo'])
    const applied = await kubectl(['apply', '-n', 'demo', '-f', '-'], object)
    expect(applied).toMatchObject({ code: 0, stderr: '' })
    expect(applied.stdout).toContain('created')
    const again = await kubectl(['apply', '-n', 'demo', '-f', '-'], object)
    expect(again.stdout).toContain('unchanged')
    for (const form of ['wide', 'yaml', 'name']) {
      expect((await run('get', resource, name, '-o', form)).stdout).toContain(name)
    }
    const described = await run('describe', resource, name)
    expect(described).toMatchObject({ code: 0, stderr: '' })
    expect(described.stdout).toMatch(new RegExp(`Name: +${name}`))
    const labelled = { ...object, metadata: { ...object.metadata, labels: { applied: 'yes' } } }
    expect((await kubectl(['apply', '-n', 'demo', '-f', '-'], labelled)).stdout).toContain('configured')
    await run('patch', resource, name, '--type=merge', '-p', '{"metadata":{"annotations":{"patched":"yes"}}}')
    await run('label', resource, name, 'labelled=yes')
    expect(await read(resource, name)).toMatchObject({
      metadata: { labels: { applied: 'yes', labelled: 'yes' }, annotations: { patched: 'yes' } },
    })
    expect(await run('delete', resource, name, '--wait', '--timeout=5s')).toMatchObject({ code: 0 })
    expect((await run('get', resource, name)).stderr).toContain('NotFound')
  })

  test.each([
    ['namespace', ['other']],
    ['configmap', ['from-literal', '--from-literal=a=b', '-n', 'demo']],
    ['secret', ['generic', 'from-literal', '--from-literal=a=b', '-n', 'demo']],
    ['serviceaccount', ['robot', '-n', 'demo']],
    ['service', ['clusterip', 'from-flags', '--tcp=80:8000', '-n', 'demo']],
    ['deployment', ['from-flags', '--image=busybox:1', '--port=8000', '--replicas=2', '-n', 'demo']],
    ['role', ['reader', '--verb=get', '--resource=pods', '-n', 'demo']],
    ['rolebinding', ['readers', '--role=reader', '--serviceaccount=demo:robot', '-n', 'demo']],
  ])('create %s works, although kubectl sends it as protobuf', async (resource, args) => {
    expect(await kubectl(['create', resource, ...args])).toMatchObject({ code: 0, stderr: '' })
  })

  test('what came as protobuf is what the flags said', async () => {
    await kubectl(['create', 'deployment', 'exact', '--image=busybox:1', '--port=8000', '--replicas=0', '-n', 'demo'])
    expect(await read('deployment', 'exact')).toMatchObject({
      metadata: { labels: { app: 'exact' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'exact' } },
        template: { spec: { containers: [{ name: 'busybox', image: 'busybox:1', ports: [{ containerPort: 8000 }] }] } },
      },
    })
  })

  test('edit stores what the editor leaves', async () => {
    await kubectl(['create', 'configmap', 'edited', '--from-literal=a=before', '-n', 'demo'])
    const edited = await kubectl(['edit', 'configmap', 'edited', '-n', 'demo'], undefined, {
      KUBE_EDITOR: 'sed -i s/before/after/',
    })
    expect(edited).toMatchObject({ code: 0, stdout: 'configmap/edited edited\n' })
    expect(await read('configmap', 'edited')).toMatchObject({ data: { a: 'after' } })
  })

  test('wait sees a condition that comes later', async () => {
    await kubectl(['apply', '-n', 'demo', '-f', '-'], { ...OBJECTS.at(-1)?.object, metadata: { name: 'awaited' } })
    const waiting = kubectl(['wait', 'widget/awaited', '--for=condition=Ready', '--timeout=10s', '-n', 'demo'])
    const patch = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}'
    await kubectl(['patch', 'widget', 'awaited', '--subresource=status', '--type=merge', '-p', patch, '-n', 'demo'])
    expect(await waiting).toMatchObject({ code: 0, stdout: 'widget.example.com/awaited condition met\n' })
  })

  test('scale, set image and rollout restart change a Deployment', async () => {
    await kubectl(['create', 'deployment', 'tuned', '--image=busybox:1', '-n', 'demo'])
    await kubectl(['scale', 'deployment/tuned', '--replicas=3', '-n', 'demo'])
    await kubectl(['set', 'image', 'deployment/tuned', 'busybox=busybox:2', '-n', 'demo'])
    await kubectl(['rollout', 'restart', 'deployment/tuned', '-n', 'demo'])
    const tuned = await read('deployment', 'tuned')
    expect(tuned).toMatchObject({ metadata: { generation: 4 }, spec: { replicas: 3 } })
    const [tunedContainer] = listAt(tuned, 'spec', 'template', 'spec', 'containers')
    expect(fieldAt(tunedContainer, 'image')).toBe('busybox:2')
  })

  test('get all, explain what is wrong with a manifest, and dry runs go through the server', async () => {
    const all = await kubectl(['get', 'all', '-A'])
    expect(all).toMatchObject({ code: 0 })
    expect(all.stdout).toContain('service/kubernetes')
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dry' }, data: {} }
    const dry = await kubectl(['apply', '--dry-run=server', '-n', 'demo', '-f', '-'], object)
    expect(dry.stdout).toBe('configmap/dry created (server dry run)\n')
    expect((await kubectl(['get', 'configmap', 'dry', '-n', 'demo'])).code).toBe(1)
    await kubectl(['apply', '-n', 'demo', '-f', '-'], object)
    const deleted = await kubectl(['delete', '--dry-run=server', 'configmap', 'dry', '-n', 'demo'])
    expect(deleted.stdout).toContain('deleted (server dry run)')
    expect((await kubectl(['get', 'configmap', 'dry', '-n', 'demo'])).code).toBe(0)
  })

  test('a role that gathers others, and what that allows', async () => {
    await kubectl(['create', 'clusterrole', 'all-llamas', '--aggregation-rule=llamas=yes'])
    await kubectl(['create', 'clusterrole', 'some-llamas', '--verb=get', '--resource=configmaps'])
    await kubectl(['label', 'clusterrole', 'some-llamas', 'llamas=yes'])
    await kubectl(['create', 'clusterrolebinding', 'llamas', '--clusterrole=all-llamas', '--user=ann'])
    const mayGet = await kubectl(['auth', 'can-i', 'get', 'configmaps', '--as', 'ann'])
    const mayDelete = await kubectl(['auth', 'can-i', 'delete', 'configmaps', '--as', 'ann'])
    expect([mayGet.stdout.trim(), mayDelete.stdout.trim()]).toEqual(['yes', 'no'])
  })

  test('who one is and a token for another', async () => {
    expect((await kubectl(['auth', 'whoami'])).stdout).toContain('admin')
    await kubectl(['create', 'serviceaccount', 'speaker', '-n', 'demo'])
    const { stdout } = await kubectl(['create', 'token', 'speaker', '-n', 'demo'])
    expect((await api.ask('GET', '/apis', { token: stdout.trim() })).status).toBe(200)
  })
})
