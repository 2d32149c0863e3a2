import { NIM_TEMPLATE_KEY, NIM_TEMPLATE_NAME, PLATFORM_NAMESPACE, renderNIMTemplate } from '@nexus/catalog'
import { isAlreadyExists } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import type { ClusterAccess, NodeKubeClient } from '@nexus/kube/node'
import { sharedControlPlane } from '@nexus/kube/testing'

export interface TestCluster {
  readonly access: ClusterAccess
  readonly kube: NodeKubeClient
}

/**
 * A real API server with KServe's definitions, the template and, unless a test plays them itself, Kubernetes' own
 * controllers; the caller closes the client.
 */
export async function connectToTestCluster({ controllers = true } = {}): Promise<TestCluster> {
  const access = await loadKubeConfig({ path: await sharedControlPlane({ controllers }) })
  const kube = createNodeKubeClient(access)
  await installTemplate(kube)
  return { access, kube }
}

/** Installs what every deployment starts from; another test may have done so. */
async function installTemplate(kube: KubeClient): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: PLATFORM_NAMESPACE } }
  const template = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: NIM_TEMPLATE_NAME, namespace: PLATFORM_NAMESPACE },
    data: { [NIM_TEMPLATE_KEY]: renderNIMTemplate() },
  }
  for (const object of [namespace, template]) {
    await kube.create(object).catch((cause: unknown) => {
      if (!isAlreadyExists(cause)) throw cause
    })
  }
}

/** A namespace of its own for a test. */
export async function freshProject(kube: KubeClient): Promise<string> {
  const name = `p-${crypto.randomUUID().slice(0, 8)}`
  await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  return name
}
