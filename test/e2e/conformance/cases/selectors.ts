import { configMap, pathIn, pod } from '../bodies.ts'
import type { ConformanceCase, ServerUnderTest } from '../case.ts'
import { namesOf } from '../fields.ts'

export const area = 'selectors'

async function select(
  server: ServerUnderTest,
  plural: string,
  kind: 'labelSelector' | 'fieldSelector',
  selector: string,
) {
  const path = `${pathIn(server.namespace, plural)}?${kind}=${encodeURIComponent(selector)}`
  await server.send({ method: 'GET', path, compared: namesOf })
}

async function makeLabelled({ namespace, prepare }: ServerUnderTest): Promise<void> {
  const labels = {
    one: { app: 'a', tier: '1' },
    two: { app: 'b', tier: '2' },
    three: { tier: '30' },
    four: { app: '' },
  }
  for (const [name, own] of Object.entries(labels)) {
    const body = configMap(name, undefined, { labels: { ...own, suite: 'x' } })
    await prepare({ method: 'POST', path: pathIn(namespace, 'configmaps'), body })
  }
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'labels select by equality, by sets, by existence and by number',
    async run(server) {
      await makeLabelled(server)
      for (const selector of [
        'suite=x',
        'suite=x,app=a',
        'app==a',
        'suite=x,app!=a',
        'app in (a,b)',
        'app in ( a , b )',
        'suite,app notin (a,b)',
        'app',
        'suite,!app',
        'tier>1',
        'tier<3',
        'app=',
        'app in ()',
        'app in (a),tier in (1,2)',
        ' app = a , tier = 1 ',
        'app=nothing',
      ])
        await select(server, 'configmaps', 'labelSelector', selector)
    },
  },
  {
    title: 'a label selector that is none is refused',
    async run(server) {
      for (const selector of [
        'a=b=c',
        '=a',
        'a in b',
        'a,,b',
        'not a key=b',
        'a=not a value',
        'a in (b',
        'a>b',
        '!',
        ',',
        'a='.padEnd(70, 'x'),
      ])
        await select(server, 'configmaps', 'labelSelector', selector)
    },
  },
  {
    title: 'every object is selected by name and namespace',
    async run(server) {
      await makeLabelled(server)
      for (const selector of [
        'metadata.name=one',
        'metadata.name==one',
        'metadata.name=none',
        `metadata.namespace=${server.namespace},metadata.name!=one,metadata.name!=kube-root-ca.crt`,
      ])
        await select(server, 'configmaps', 'fieldSelector', selector)
    },
  },
  {
    title: 'pods are selected by the fields that schedulers and node agents ask for',
    async run(server) {
      const path = pathIn(server.namespace, 'pods')
      await server.prepare({ method: 'POST', path, body: pod('one', { nodeName: 'node-1' }) })
      await server.prepare({
        method: 'POST',
        path,
        body: pod('two', { restartPolicy: 'Never', schedulerName: 'none' }),
      })
      for (const selector of [
        'spec.nodeName=node-1',
        'spec.nodeName=',
        'status.phase=Pending',
        'status.phase!=Pending',
        'spec.restartPolicy=Never',
        'spec.schedulerName=none',
        'spec.serviceAccountName=default',
        'spec.hostNetwork=false',
        'status.podIP=',
        'status.nominatedNodeName=',
        'metadata.name=one,spec.nodeName=node-1',
      ])
        await select(server, 'pods', 'fieldSelector', selector)
    },
  },
  {
    title: 'events are selected by what they are about',
    async run(server) {
      const { namespace } = server
      const event = (name: string, reason: string, involved: string) => ({
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name },
        involvedObject: { kind: 'Pod', apiVersion: 'v1', namespace, name: involved, uid: involved },
        reason,
        type: 'Normal',
        source: { component: 'kubelet' },
      })
      const path = pathIn(namespace, 'events')
      await server.prepare({ method: 'POST', path, body: event('one', 'Started', 'llama') })
      await server.prepare({ method: 'POST', path, body: event('two', 'Killed', 'qwen') })
      for (const selector of [
        'involvedObject.name=llama',
        'involvedObject.kind=Pod,involvedObject.uid=qwen',
        `involvedObject.namespace=${namespace},reason=Killed`,
        'type=Normal',
        'type!=Normal',
        'source=kubelet',
        'reportingComponent=kubelet',
      ])
        await select(server, 'events', 'fieldSelector', selector)
    },
  },
  {
    title: 'secrets, services and namespaces have fields of their own',
    async run(server) {
      const { namespace, prepare, send } = server
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one' }, type: 'example.com/own' }
      await prepare({ method: 'POST', path: pathIn(namespace, 'secrets'), body: secret })
      await select(server, 'secrets', 'fieldSelector', 'type=example.com/own')
      await select(server, 'secrets', 'fieldSelector', 'type=Opaque')
      const service = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'one' },
        spec: { clusterIP: 'None', ports: [{ port: 80 }] },
      }
      await prepare({ method: 'POST', path: pathIn(namespace, 'services'), body: service })
      await select(server, 'services', 'fieldSelector', 'spec.clusterIP=None,spec.type=ClusterIP')
      const path = `/api/v1/namespaces?fieldSelector=metadata.name%3D${namespace},status.phase%3DActive`
      await send({ method: 'GET', path, compared: namesOf })
      await send({ method: 'GET', path: '/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue', compared: namesOf })
    },
  },
  {
    title: 'a field that cannot be selected by is refused',
    async run(server) {
      await select(server, 'configmaps', 'fieldSelector', 'data.a=1')
      await select(server, 'pods', 'fieldSelector', 'spec.containers=1')
      await select(server, 'pods', 'fieldSelector', 'status.phase')
      await select(server, 'pods', 'fieldSelector', 'status.phase>Pending')
      await select(server, 'secrets', 'fieldSelector', 'spec.nodeName=one')
      const path = `${pathIn(server.namespace, 'deployments', 'apps/v1')}?fieldSelector=status.replicas%3D1`
      await server.send({ method: 'GET', path })
    },
  },
  {
    title: 'a list of one name in all namespaces',
    async run({ namespace, send, prepare }) {
      await prepare({ method: 'POST', path: pathIn(namespace, 'configmaps'), body: configMap(namespace) })
      const path = `/api/v1/configmaps?fieldSelector=metadata.name%3D${namespace}`
      await send({ method: 'GET', path })
    },
  },
]
