import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { hasControlPlane, sharedControlPlane } from '@nexus/kube/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { OpenApiDocument, renderTypes } from './openapi-types.ts'
import type { OpenApiType } from './openapi-types.ts'

/** The kinds whose types the sandbox knows, by the API server's packages. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  'io.k8s.api.admissionregistration.v1': ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  'io.k8s.api.apps.v1': ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
  'io.k8s.api.authentication.v1': ['SelfSubjectReview', 'TokenRequest', 'TokenReview'],
  'io.k8s.api.authorization.v1': [
    'LocalSubjectAccessReview',
    'SelfSubjectAccessReview',
    'SelfSubjectRulesReview',
    'SubjectAccessReview',
  ],
  'io.k8s.api.autoscaling.v1': ['Scale'],
  'io.k8s.api.autoscaling.v2': ['HorizontalPodAutoscaler'],
  'io.k8s.api.batch.v1': ['CronJob', 'Job'],
  'io.k8s.api.coordination.v1': ['Lease'],
  'io.k8s.api.core.v1': [
    'Binding',
    'ConfigMap',
    'Endpoints',
    'Event',
    'LimitRange',
    'Namespace',
    'Node',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'Pod',
    'PodTemplate',
    'ReplicationController',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ],
  'io.k8s.api.discovery.v1': ['EndpointSlice'],
  'io.k8s.api.networking.v1': ['Ingress', 'IngressClass', 'NetworkPolicy'],
  'io.k8s.api.policy.v1': ['Eviction', 'PodDisruptionBudget'],
  'io.k8s.api.rbac.v1': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  'io.k8s.api.scheduling.v1': ['PriorityClass'],
  'io.k8s.api.storage.v1': ['StorageClass'],
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': ['CustomResourceDefinition'],
  'io.k8s.apimachinery.pkg.apis.meta.v1': ['DeleteOptions', 'ListMeta'],
}

test(
  'the sandbox knows the types of its kinds as the API server describes them',
  { timeout: 60_000 },
  async ({ skip }) => {
    skip(!hasControlPlane(), 'needs a control plane')
    const roots = Object.entries(KINDS).flatMap(([group, kinds]) => kinds.map((kind) => `${group}.${kind}`))
    const text = renderTypes(await fetchTypes(), roots)
    const table = '../../../packages/sandbox/src/api/schema/builtin-types.ts'
    await expect(moduleOf(text)).toMatchFileSnapshot(table)
  },
)

const Index = z.object({ paths: z.record(z.string(), z.unknown()) })

/** All types of the API server's OpenAPI documents. */
async function fetchTypes(): Promise<ReadonlyMap<string, OpenApiType>> {
  const path = await sharedControlPlane({ controllers: false })
  const kube = createNodeKubeClient(await loadKubeConfig({ path, env: {} }))
  try {
    const { paths } = Index.parse(await fetchJson('/openapi/v3'))
    const documents = Object.keys(paths).filter((name) => /^(?:api|apis\/[^/]+)\/v\d+$/.test(name))
    const fetched = await Promise.all(documents.map((name) => fetchJson(`/openapi/v3/${name}`)))
    return new Map(fetched.flatMap((one) => Object.entries(OpenApiDocument.parse(one).components.schemas)))
  } finally {
    await kube.close()
  }
  async function fetchJson(from: string): Promise<unknown> {
    const answer = await kube.transport.call({ method: 'GET', path: from })
    return JSON.parse(answer.text)
  }
}

function moduleOf(text: string): string {
  return `/**
 * The types of the built-in kinds in Kubernetes 1.34, in the notation that \`type-notation.ts\` reads and explains. Taken from
 * the OpenAPI documents of a kube-apiserver; \`npm run golden\` rewrites it.
 */
export const BUILTIN_TYPES = \`
${text}
\`
`
}
