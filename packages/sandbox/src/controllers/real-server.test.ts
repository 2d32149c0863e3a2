import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kinds } from '@nexus/kube'
import type { Kind, KubeObject, ObjectRef, PersistentVolumeClaim } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import type { NodeKubeClient } from '@nexus/kube/node'
import { controlPlaneAssets, startControlPlane } from '@nexus/kube/testing'
import type { ControlPlane } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startControllers } from './index.ts'
import type { ControllerName, Controllers } from './index.ts'
import { startFakeKubelet } from './testing/kubelet.ts'
import type { FakeKubelet } from './testing/kubelet.ts'
import { comparable, definition, node, readRecorded, recordedInput, storageClass } from './testing/objects.ts'
import { waitForDeletion, waitForObject } from './testing/waiting.ts'

// The controllers as clients of a real kube-apiserver: beside kube-controller-manager and kube-scheduler, and in their place.

interface Case {
  readonly title: string
  /** Whether kube-controller-manager and kube-scheduler run. */
  readonly beside: boolean
  readonly only?: readonly ControllerName[]
  /** kube-controller-manager makes the same ReplicaSet name of the same template everywhere. */
  readonly sameHash: boolean
}

const cases: Case[] = [
  { title: 'beside its own controllers', beside: true, only: ['kserve', 'pv-provisioner'], sameHash: true },
  { title: 'without controllers of its own', beside: false, sameHash: false },
]

const assets = await controlPlaneAssets()

describe.skipIf(assets === undefined)('a real API server', () => {
  describe.each(cases)('$title', ({ beside, only, sameHash }) => {
    let dir: string
    let plane: ControlPlane
    let kube: NodeKubeClient
    let controllers: Controllers
    let kubelet: FakeKubelet
    const stopped = new AbortController()

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'nexus-controllers-real-'))
      // With our own definitions in the place of KServe's: a real API server takes them.
      plane = await startControlPlane({ assets: assets ?? '', dir, controllers: beside, kserve: false })
      kube = createNodeKubeClient(await loadKubeConfig({ path: plane.kubeconfig }))
      for (const file of ['inferenceservices', 'servingruntimes']) await kube.create(definition(file))
      await createReadyNode()
      await kube.create(storageClass)
      controllers = await startControllers({
        kube,
        volumesDir: join(dir, 'volumes'),
        log: () => {},
        ...(only && { only }),
      })
      kubelet = startFakeKubelet(kube, stopped.signal)
    }, 60_000)

    afterAll(async () => {
      await controllers?.close()
      stopped.abort()
      await kubelet?.stopped
      await kube?.close()
      await plane?.stop()
      rmSync(dir, { recursive: true, force: true })
    }, 30_000)

    /** A new node is tainted until something says that it is ready. */
    async function createReadyNode(): Promise<void> {
      await kube.create(node)
      const ref = { kind: Kinds.Node, name: node.metadata.name }
      await kube.patch(ref, { type: 'merge', body: { status: node.status } }, { subresource: 'status' })
      await kube.patch(ref, { type: 'merge', body: { spec: { taints: [] } } })
    }

    test('the recording is reproduced', async () => {
      for (const object of recordedInput()) await kube.create(object)
      const metadata = { name: 'nim-pvc-llm', namespace: 'demo' }
      const spec = {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'nexus-local',
      }
      const claim: PersistentVolumeClaim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec }
      await kube.create(claim)
      const isvc = await waitForObject(
        kube,
        inDemo(Kinds.InferenceService, 'llm'),
        ({ status }) => status?.modelStatus?.transitionStatus === 'UpToDate',
      )
      const reduce = (value: unknown) => comparable(value, { hash: sameHash })
      expect(reduce(isvc)).toEqual(reduce(readRecorded('inferenceservice.ready.yaml')))
      const deployment = await kube.get(inDemo(Kinds.Deployment, 'llm-predictor'))
      expect(reduce(deployment)).toEqual(reduce(readRecorded('predictor.deployment.yaml')))
      const service = await kube.get(inDemo(Kinds.Service, 'llm-predictor'))
      expect(reduce(service)).toEqual(reduce(readRecorded('predictor.service.yaml')))
      const autoscaler = await kube.get(inDemo(Kinds.HorizontalPodAutoscaler, 'llm-predictor'))
      const { status: _mine, ...hpa } = autoscaler
      expect(reduce(hpa)).toEqual(withoutStatus(reduce(readRecorded('predictor.hpa.yaml'))))
    }, 40_000)

    test('what is deleted takes everything along', async () => {
      await kube.delete(inDemo(Kinds.InferenceService, 'llm'))
      await waitForDeletion(kube, inDemo(Kinds.Deployment, 'llm-predictor'))
      await waitForDeletion(kube, inDemo(Kinds.Service, 'llm-predictor'))
      await kube.delete({ kind: Kinds.Namespace, name: 'demo' })
    }, 40_000)
  })
})

function inDemo<T extends KubeObject>(kind: Kind<T>, name: string): ObjectRef<T> {
  return { kind, name, namespace: 'demo' }
}

function withoutStatus(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'status'))
}
