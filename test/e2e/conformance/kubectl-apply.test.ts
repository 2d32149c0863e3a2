import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlPlaneAssets, hasProgram } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../clusters/run.ts'
import type { Ran } from '../clusters/run.ts'
import { fieldAt, listAt } from './fields.ts'
import { normalise } from './normalise.ts'
import { startRealServer, startSandboxServer } from './servers.ts'
import type { StartedServer } from './servers.ts'

const NAMESPACE = 'applied'
const OBJECTS = 'configmap/web deployment/web service/web'

/** What a person keeps in a file: of each list and map one. */
function manifests(image: string, setting: string): string {
  const labels = { app: 'web' }
  const container = { name: 'web', image, env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] }
  const template = { metadata: { labels }, spec: { containers: [container] } }
  const of = (apiVersion: string, kind: string, rest: object): object => ({
    apiVersion,
    kind,
    metadata: { name: 'web', namespace: NAMESPACE, labels },
    ...rest,
  })
  const items = [
    of('v1', 'ConfigMap', { data: { a: setting, b: '1' } }),
    of('apps/v1', 'Deployment', { spec: { replicas: 0, selector: { matchLabels: labels }, template } }),
    of('v1', 'Service', { spec: { selector: labels, ports: [{ port: 80 }] } }),
  ]
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}

const ONE = manifests('example/web:1', '1')
const TWO = manifests('example/web:2', '2')

/** kubectl's commands in their order, and what they read. */
const STEPS: readonly (readonly [string, string?])[] = [
  ['diff --server-side -f -', ONE],
  ['apply --server-side -f -', ONE],
  ['apply --server-side -f -', ONE],
  ['diff --server-side -f -', ONE],
  ['diff --server-side -f -', TWO],
  ['apply -f -', TWO],
  ['apply --server-side -f -', ONE],
  ['scale deployment web --replicas 0 --current-replicas 0'],
  ['label configmap web tier=front'],
  ['annotate deployment web note=x'],
  ['set image deployment web web=example/web:9'],
  ['apply --server-side -f -', ONE],
  ['apply --server-side --field-manager other -f -', TWO],
  ['apply --server-side --field-manager other --force-conflicts -f -', TWO],
  ['apply --server-side --force-conflicts -f -', ONE],
  ['patch configmap web --type json -p [{"op":"remove","path":"/data/b"}]'],
  ['replace -f -', ONE],
  ['delete -f -', ONE],
  ['apply -f -', ONE],
  ['apply --server-side -f -', TWO],
  ['apply -f -', ONE],
  ['apply --server-side --dry-run=server -f -', TWO],
]

describe.skipIf(assetsMissing(await controlPlaneAssets()))(
  'kubectl apply, by both kinds of apply, on the sandbox and on Kubernetes (needs a control plane and kubectl)',
  () => {
    const running = new AsyncDisposableStack()
    let onBoth: (line: string, input?: string) => Promise<{ sandbox: Ran; kubernetes: Ran }>

    beforeAll(async () => {
      const assets = await controlPlaneAssets()
      const home = await mkdtemp(join(tmpdir(), 'nexus-kubectl-apply-'))
      running.defer(() => rm(home, { recursive: true }))
      const [sandbox, kubernetes] = await Promise.all([startSandboxServer(), startRealServer(assets ?? '')])
      running.use(sandbox)
      running.use(kubernetes)
      await Promise.all([sandbox.makeNamespace(NAMESPACE), kubernetes.makeNamespace(NAMESPACE)])
      const on = ({ kubeconfig }: StartedServer, line: string, input = ''): Promise<Ran> =>
        run('kubectl', ['-n', NAMESPACE, ...line.split(' ')], { input, env: { KUBECONFIG: kubeconfig, HOME: home } })
      onBoth = async (line, input) => {
        const [ours, theirs] = await Promise.all([on(sandbox, line, input), on(kubernetes, line, input)])
        return { sandbox: ours, kubernetes: theirs }
      }
    })
    afterAll(() => running.disposeAsync())

    test.each(STEPS.map(([line, input = ''], index) => ({ step: index + 1, line, input })))(
      'step $step: kubectl $line prints the same, and the same managers own the fields',
      async ({ line, input }) => {
        const { sandbox, kubernetes } = await onBoth(line, input)
        expect(printed(sandbox)).toEqual(printed(kubernetes))
        const shown = await onBoth(`get ${OBJECTS} --ignore-not-found -o json --show-managed-fields`)
        expect(owners(shown.sandbox)).toBe(owners(shown.kubernetes))
      },
    )
  },
)

function assetsMissing(assets: string | undefined): boolean {
  return assets === undefined || !hasProgram('kubectl')
}

/** A diff shows the two files it compares, and when they were written. */
function printed({ code, stdout, stderr }: Ran): unknown {
  const lines = stdout.split('\n').filter((line) => !/^(?:diff -u|---|\+\+\+) /.test(line))
  return { code, stdout: normalise(lines).replaceAll(/uid: \S+?"/g, 'uid"'), stderr }
}

/**
 * Who owns what, but for the controllers, whose writes come when they come. In no order: it is that of times, which are whole
 * seconds, so that two writes have one order or the other.
 */
function owners({ stdout }: Ran): string {
  const list: unknown = stdout === '' ? {} : JSON.parse(stdout)
  const entries = listAt(list, 'items').flatMap((object) => listAt(object, 'metadata', 'managedFields'))
  const applied = entries.filter((entry) => fieldAt(entry, 'subresource') !== 'status')
  return applied
    .map((entry) => normalise(entry))
    .sort()
    .join('\n')
}
