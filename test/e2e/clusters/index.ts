import type { TestCluster } from './cluster.ts'
import { controlPlaneAssets, startRealCluster } from './real.ts'
import { startSandboxCluster } from './sandbox.ts'

/** A kind of cluster the cases can run on here. */
export interface ClusterChoice {
  readonly name: string
  readonly start: () => Promise<TestCluster>
}

/**
 * The clusters of this run: the sandbox always, a real control plane where its binaries are. `NEXUS_E2E=sandbox` or
 * `NEXUS_E2E=real` chooses one, `NEXUS_E2E=all` demands both: a control plane that is asked for and absent is an error.
 */
export async function availableClusters(): Promise<ClusterChoice[]> {
  const wanted = process.env['NEXUS_E2E']
  const assets = wanted === 'sandbox' ? undefined : await controlPlaneAssets()
  if ((wanted === 'real' || wanted === 'all') && assets === undefined) {
    throw new Error(
      'NEXUS_E2E asks for a real control plane: set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver',
    )
  }
  return [
    ...(wanted === 'real' ? [] : [{ name: 'the sandbox', start: startSandboxCluster }]),
    ...(assets === undefined ? [] : [{ name: 'a real control plane', start: () => startRealCluster(assets) }]),
  ]
}
