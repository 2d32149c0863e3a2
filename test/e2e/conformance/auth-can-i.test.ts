import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlPlaneAssets, eventually, hasProgram } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../clusters/run.ts'
import type { Ran } from '../clusters/run.ts'
import { fieldAt } from './fields.ts'
import { GRANTS, SENTINELS } from './grants.ts'
import { prepared } from './server-under-test.ts'
import { startRealServer, startSandboxServer } from './servers.ts'
import type { StartedServer } from './servers.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

const assets = await controlPlaneAssets()

const GATEWAY = 'system:serviceaccount:nexus:nexus-gateway'
const ROBOT = 'system:serviceaccount:demo:robot'

/** What is asked after `kubectl auth can-i`, and the answer. */
const VERDICTS: readonly (readonly [string, 'yes' | 'no'])[] = [
  ['create deployments -n demo', 'yes'],
  ["'*' '*' -A", 'yes'],
  ['get /metrics', 'yes'],
  ['get pods -n demo --as nobody', 'no'],
  ['get /version --as nobody', 'yes'],
  ['get /metrics --as nobody', 'no'],
  ['create selfsubjectaccessreviews.authorization.k8s.io --as nobody', 'yes'],
  ['create subjectaccessreviews.authorization.k8s.io --as nobody', 'no'],
  // A Role, and names in it.
  ['get configmaps -n demo --as ann', 'yes'],
  ['watch configmaps -n demo --as ann', 'yes'],
  ['get configmaps/one -n demo --as ann', 'yes'],
  ['delete configmaps -n demo --as ann', 'no'],
  ['get configmaps -n other --as ann', 'no'],
  ['get configmaps -A --as ann', 'no'],
  ['get secrets -n demo --as ann', 'no'],
  ['get secrets/key -n demo --as ann', 'yes'],
  ['list secrets/key -n demo --as ann', 'yes'],
  ['get secrets/other -n demo --as ann', 'no'],
  ['get configmaps -n demo --as nobody --as-group ann', 'no'],
  // Parts of objects.
  ['get pods -n demo --as olga --as-group operators', 'yes'],
  ['get pods --subresource log -n demo --as olga --as-group operators', 'yes'],
  ['create pods --subresource portforward -n demo --as olga --as-group operators', 'yes'],
  ['create pods --subresource exec -n demo --as olga --as-group operators', 'no'],
  ['get pods --subresource log -n demo --as olga', 'no'],
  ['get deployments.apps --subresource scale -n demo --as sam', 'yes'],
  ['patch statefulsets.apps --subresource scale -n other --as sam', 'yes'],
  ['update deployments.apps --subresource scale -n demo --as sam', 'no'],
  ['get deployments.apps -n demo --as sam', 'no'],
  ['get deployments.apps --subresource status -n demo --as sam', 'no'],
  // The roles for people: view, edit, admin.
  ['list pods -n demo --as vic --as-group viewers', 'yes'],
  ['get pods --subresource log -n demo --as vic --as-group viewers', 'yes'],
  ['list deployments.apps -n demo --as vic --as-group viewers', 'yes'],
  ['list persistentvolumeclaims -n demo --as vic --as-group viewers', 'yes'],
  ['get secrets -n demo --as vic --as-group viewers', 'no'],
  ['list roles.rbac.authorization.k8s.io -n demo --as vic --as-group viewers', 'no'],
  ['delete pods -n demo --as vic --as-group viewers', 'no'],
  ['list pods -n other --as vic --as-group viewers', 'no'],
  [`create deployments.apps -n demo --as ${ROBOT}`, 'yes'],
  [`get secrets -n demo --as ${ROBOT}`, 'yes'],
  [`create serviceaccounts --subresource token -n demo --as ${ROBOT}`, 'yes'],
  [`impersonate serviceaccounts -n demo --as ${ROBOT}`, 'yes'],
  [`create roles.rbac.authorization.k8s.io -n demo --as ${ROBOT}`, 'no'],
  [`create deployments.apps -n other --as ${ROBOT}`, 'no'],
  [`patch namespaces/demo --as ${ROBOT}`, 'no'],
  ['create deployments.apps -n demo --as system:serviceaccount:other:robot', 'no'],
  ['create rolebindings.rbac.authorization.k8s.io -n demo --as amy', 'yes'],
  ['create localsubjectaccessreviews.authorization.k8s.io -n demo --as amy', 'yes'],
  ['escalate roles.rbac.authorization.k8s.io -n demo --as amy', 'no'],
  ['update resourcequotas -n demo --as amy', 'no'],
  ['get nodes --as amy', 'no'],
  // The whole cluster, paths, groups that may do everything.
  ['list nodes --as ned', 'yes'],
  ['get nodes/one --as ned', 'yes'],
  ['patch nodes/one --as ned', 'no'],
  ['get nodes --subresource proxy --as ned', 'no'],
  ['get /metrics --as sid --as-group scrapers', 'yes'],
  ['get /custom/deep/path --as sid --as-group scrapers', 'yes'],
  ['get /custom --as sid --as-group scrapers', 'no'],
  ['post /metrics --as sid --as-group scrapers', 'no'],
  ['get /apis/apps/v1 --as sid', 'yes'],
  ["'*' '*' -A --as adam --as-group admins", 'yes'],
  ['delete namespaces/demo --as root --as-group system:masters', 'yes'],
  ['impersonate users/ann --as ida', 'yes'],
  ['impersonate users/bob --as ida', 'no'],
  // The gateway reads deployments and its own keys.
  [`watch inferenceservices.serving.kserve.io -A --as ${GATEWAY}`, 'yes'],
  [`list endpointslices.discovery.k8s.io -n demo --as ${GATEWAY}`, 'yes'],
  [`patch inferenceservices.serving.kserve.io -n demo --as ${GATEWAY}`, 'no'],
  [`watch secrets/nexus-gateway-keys -n nexus --as ${GATEWAY}`, 'yes'],
  [`get secrets/other -n nexus --as ${GATEWAY}`, 'no'],
  [`get secrets/nexus-gateway-keys -n demo --as ${GATEWAY}`, 'no'],
]

/** What else `kubectl auth` prints. */
const PRINTED: readonly string[] = [
  'whoami',
  'whoami -o yaml',
  'whoami --as ann --as-group viewers --as-uid u1',
  `whoami --as ${ROBOT}`,
  'whoami --as system:anonymous',
  'can-i --list -n demo',
  'can-i --list -n demo --as ann',
  'can-i --list -n other --as ann',
  `can-i --list -n demo --as ${ROBOT}`,
  'can-i --list -n demo --as amy',
  'can-i --list -n demo --as vic --as-group viewers',
  'can-i --list --as sid --as-group scrapers',
  'can-i get pods -n demo --as nobody --quiet',
  'can-i get /healthz --as system:anonymous',
  'can-i get things.nobody.example -n demo --as ann',
]

/** The kind that the gateway watches, as small as it can be. */
async function defineDeployments({ connection }: StartedServer): Promise<void> {
  const [group, plural, kind] = ['serving.kserve.io', 'inferenceservices', 'InferenceService']
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const versions = [{ name: 'v1beta1', served: true, storage: true, schema }]
  const body = {
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural, kind }, versions },
  }
  await prepared(connection, { method: 'POST', path: DEFINITIONS, body })
  await eventually(async () => {
    const { body: discovery } = await prepared(connection, { method: 'GET', path: `/apis/${group}/v1beta1` })
    expect(fieldAt(discovery, 'resources')).toHaveLength(1)
  })
}

function words(line: string): string[] {
  return line.split(' ').map((word) => word.replaceAll("'", ''))
}

describe.skipIf(assets === undefined || !hasProgram('kubectl'))(
  'kubectl auth on the sandbox and on Kubernetes (needs a control plane and kubectl)',
  () => {
    const running = new AsyncDisposableStack()
    let onBoth: (args: readonly string[], input?: string) => Promise<{ sandbox: Ran; kubernetes: Ran }>

    beforeAll(async () => {
      const home = await mkdtemp(join(tmpdir(), 'nexus-can-i-'))
      running.defer(() => rm(home, { recursive: true }))
      const [sandbox, kubernetes] = await Promise.all([startSandboxServer(), startRealServer(assets ?? '')])
      running.use(sandbox)
      running.use(kubernetes)
      const auth = (kubeconfig: string, args: readonly string[], input = ''): Promise<Ran> =>
        run('kubectl', ['auth', ...args], { input, env: { KUBECONFIG: kubeconfig, HOME: home } })
      onBoth = async (args, input) => {
        const [ours, theirs] = await Promise.all([
          auth(sandbox.kubeconfig, args, input),
          auth(kubernetes.kubeconfig, args, input),
        ])
        return { sandbox: ours, kubernetes: theirs }
      }
      for (const name of ['demo', 'other', 'nexus'])
        await Promise.all([sandbox.makeNamespace(name), kubernetes.makeNamespace(name)])
      // Before kubectl looks: it remembers for minutes which kinds there are.
      await Promise.all([defineDeployments(sandbox), defineDeployments(kubernetes)])
    })
    afterAll(() => running.disposeAsync())

    test('reconcile makes the same roles and bindings, and finds them the second time', async () => {
      const first = await onBoth(['reconcile', '-f', '-'], GRANTS)
      expect(first.sandbox).toEqual(first.kubernetes)
      expect(first.sandbox.code).toBe(0)
      const second = await onBoth(['reconcile', '-f', '-'], GRANTS)
      expect(second.sandbox).toEqual(second.kubernetes)
      // Kubernetes caches roles: what was made last is known last.
      for (const asked of SENTINELS)
        await eventually(async () => expect((await onBoth(['can-i', ...asked])).kubernetes.code).toBe(0))
    })

    test.each(VERDICTS)('can-i %s: %s', async (asked, verdict) => {
      const { sandbox, kubernetes } = await onBoth(['can-i', ...words(asked)])
      expect(sandbox).toEqual(kubernetes)
      expect(sandbox.stdout.trim()).toBe(verdict)
      expect(sandbox.code).toBe(verdict === 'yes' ? 0 : 1)
    })

    test.each(PRINTED)('%s prints the same', async (line) => {
      const { sandbox, kubernetes } = await onBoth(words(line))
      expect(sandbox.stdout.replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '<time>')).toBe(
        kubernetes.stdout.replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '<time>'),
      )
      expect([sandbox.code, sandbox.stderr]).toEqual([kubernetes.code, kubernetes.stderr])
    })
  },
)
