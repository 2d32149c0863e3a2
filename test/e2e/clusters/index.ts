import { controlPlaneAssets } from '@nexus/kube/testing'
import { describe } from 'vitest'
import type { TestCluster } from './cluster.ts'
import { startRealCluster } from './real.ts'
import { startSandboxCluster } from './sandbox.ts'

/**
 * Describes cases that hold on any cluster, once for the sandbox and once for a real control plane, which is skipped where
 * none can be started. `NEXUS_E2E=sandbox` or `NEXUS_E2E=real` chooses one.
 */
export async function describeOnClusters(
  title: string,
  cases: (start: () => Promise<TestCluster>) => void,
): Promise<void> {
  const assets = await controlPlaneAssets()
  const chosen = process.env['NEXUS_E2E']
  if (chosen !== 'real') describe(`${title} on the sandbox`, () => cases(startSandboxCluster))
  if (chosen !== 'sandbox')
    describe.skipIf(assets === undefined)(`${title} on a real control plane`, () =>
      cases(() => startRealCluster(assets ?? '')),
    )
}
