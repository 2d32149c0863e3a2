import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { controlPlaneAssets, eventually, hasProgram, startControlPlane } from '@nexus/kube/testing'
import type { ControlPlane } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMPONENTS, KUSTOMIZATIONS, parseManifests, podsOf, render, renderWith } from './kustomizations.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const assets = await controlPlaneAssets()

// It applies to namespace nexus, so it wants a control plane of its own.
describe.skipIf(assets === undefined || !hasProgram('kubectl'))('a real API server', () => {
  let dir: string
  let plane: ControlPlane

  const kubectl = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await execute('kubectl', ['--kubeconfig', plane.kubeconfig, ...args])
    return stdout + stderr
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nexus-k8s-server-'))
    plane = await startControlPlane({ assets: assets ?? '', dir: join(dir, 'plane'), controllers: true })
    await kubectl('apply', '-f', join(import.meta.dirname, 'crds'))
    await kubectl('apply', '--server-side', '-f', join(root, '../shared/fixtures/crds/route.openshift.io_routes.yaml'))
    await kubectl('apply', '-f', join(root, 'k8s/gateway/namespace.yaml'))
    const definitions = ['crd/httproutes.gateway.networking.k8s.io', 'crd/routes.route.openshift.io']
    await kubectl('wait', '--for=condition=Established', '--timeout=60s', ...definitions)
  }, 120_000)

  afterAll(async () => {
    await plane?.stop()
    await rm(dir, { recursive: true, force: true })
  })

  async function accepted(manifests: string): Promise<string> {
    const file = join(dir, 'manifests.yaml')
    await writeFile(file, manifests)
    return kubectl('apply', '--dry-run=server', '--validate=strict', '-f', file)
  }

  test.each(KUSTOMIZATIONS)('takes %s, every field of it', async (kustomization) => {
    const text = await render(kustomization)
    const said = await accepted(text)
    expect(said).not.toContain('would violate PodSecurity')
    expect(said.match(/\(server dry run\)$/gm)).toHaveLength(parseManifests(text).length)
  })

  // Routes are checked against OpenShift's definition, HTTPRoutes against one of our own.
  test.each(COMPONENTS)('takes $on with $component', async ({ component, on }) => {
    expect(await accepted(await renderWith(component, on))).toContain('(server dry run)')
  })

  test('takes the InferenceService of k8s/kserve', async () => {
    const file = join(root, 'k8s/kserve/inferenceservice.yaml')
    const args = ['apply', '-n', 'nexus', '--dry-run=server', '--validate=strict', '-f', file]
    expect(await kubectl(...args)).toContain('inferenceservice.serving.kserve.io/llm-vllm created')
  })

  // The namespace enforces the restricted Pod Security Standard: what it refuses, no controller can create.
  test.each(['k8s', 'k8s/overlays/gpu', 'k8s/overlays/gpu/sglang'])(
    'admits every pod of %s',
    async (kustomization) => {
      await kubectl('apply', '-k', join(root, kustomization))
      const expected = podsOf(parseManifests(await render(kustomization))).map(({ name }) => name)
      await eventually(async () => {
        const apps = await kubectl('get', 'pods', '-n', 'nexus', '-o', 'jsonpath={.items[*].metadata.labels.app}')
        expect(new Set(apps.split(' '))).toEqual(new Set([...apps.split(' '), ...expected]))
      }, 60_000)
      const refusals = await kubectl('get', 'events', '-n', 'nexus', '--field-selector=reason=FailedCreate')
      expect(refusals).toContain('No resources found')
      await kubectl('delete', '-k', join(root, kustomization), '--wait=false', '--ignore-not-found')
      await kubectl('delete', 'namespace', 'nexus', '--ignore-not-found', '--timeout=120s')
      await kubectl('apply', '-f', join(root, 'k8s/gateway/namespace.yaml'))
    },
    180_000,
  )
})
