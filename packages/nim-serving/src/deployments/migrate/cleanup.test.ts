import { KubeApiError, Kinds } from '@nexus/kube'
import type { KubeClient, KubeObject } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import { hasControlPlane, startFaultProxy } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectToTestCluster, freshProject } from '../../testing/cluster.ts'
import type { TestCluster } from '../../testing/cluster.ts'
import { failureOf } from '../../testing/failure.ts'
import { oldInferenceService, oldServingRuntime, predictorDeployment, sharedSecrets } from '../../testing/old-style.ts'
import { planSharedSecretsRemoval, removeSharedSecrets } from './cleanup.ts'

const pull = { imagePullSecrets: [{ name: 'ngc-secret' }] }
const containers = [{ name: 'c', image: 'i' }]
const metadata = { name: 'user' }

/** One object of each kind that names a shared Secret. */
const USERS: KubeObject[] = [
  oldServingRuntime('user', ''),
  object('serving.kserve.io/v1beta1', 'InferenceService', { ...oldInferenceService('user', '').spec, predictor: pull }),
  object('v1', 'Pod', { containers, ...pull }),
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata, ...pull },
  object('apps/v1', 'Deployment', { ...predictorDeployment('user', oldServingRuntime('user', '')).spec }),
  object('batch/v1', 'CronJob', {
    schedule: '0 0 1 1 *',
    jobTemplate: { spec: { template: { spec: { containers, restartPolicy: 'Never', ...pull } } } },
  }),
]

function object(apiVersion: string, kind: string, spec: object): KubeObject & { spec: object } {
  return { apiVersion, kind, metadata, spec }
}

describe.skipIf(!hasControlPlane())('the shared Secrets on a real API server', () => {
  let cluster: TestCluster
  let kube: KubeClient

  beforeAll(async () => {
    cluster = await connectToTestCluster()
    kube = cluster.kube
  }, 60_000)

  afterAll(async () => {
    await cluster?.kube.close()
  })

  test('are removed where nothing uses them, and a second time there is nothing to do', async () => {
    const project = await projectWithSecrets()
    const plan = await planSharedSecretsRemoval(kube, project)
    expect(plan.secrets.map((secret) => secret.metadata.name)).toEqual(['nvidia-nim-secrets', 'ngc-secret'])
    expect(JSON.stringify(plan)).not.toMatch(/nvapi-|bnZhcGkt|eyJhdXRocyI6/)
    expect(await secretsOf(project)).toHaveLength(2)
    expect(await removeSharedSecrets(project, { kube })).toEqual(['nvidia-nim-secrets', 'ngc-secret'])
    expect(await removeSharedSecrets(project, { kube })).toEqual([])
  })

  test.each(USERS)('stay while a $kind names them, which is said', async (user) => {
    const project = await projectWithSecrets()
    await kube.create({ ...user, metadata: { ...user.metadata, namespace: project } })
    const failure = await failureOf(removeSharedSecrets(project, { kube }))
    expect(failure).toContain('NEXUS_MIGRATE_SHARED_SECRETS_IN_USE')
    expect(failure).toContain(`${user.kind} user uses ngc-secret`)
    expect(await secretsOf(project)).toHaveLength(2)
  })

  test.each([
    'servingruntimes',
    'inferenceservices',
    'pods',
    'serviceaccounts',
    'deployments',
    'statefulsets',
    'daemonsets',
    'jobs',
    'cronjobs',
    'accounts',
    'nimservices',
  ])('stay where %s cannot be listed', async (plural) => {
    const project = await projectWithSecrets()
    const blind: KubeClient = {
      ...kube,
      list: (query, options) => (query.kind.plural === plural ? Promise.reject(forbidden) : kube.list(query, options)),
    }
    const failure = await failureOf(removeSharedSecrets(project, { kube: blind }))
    expect(failure).toContain('NEXUS_MIGRATE_USERS_UNREADABLE')
    expect(failure).toContain('you may not')
    expect(failure).toContain(plural)
    expect(await secretsOf(project)).toHaveLength(2)
  })

  test('are removed by the same call after any deletion failed or its answer was lost', async () => {
    await using proxy = await startFaultProxy(cluster.access)
    const client = createNodeKubeClient(proxy.access)
    for (const write of [0, 1]) {
      for (const fault of ['refused', 'lost-answer', 'reset', 'down'] as const) {
        const project = await projectWithSecrets()
        proxy.restart({ write, fault })
        await removeSharedSecrets(project, { kube: client }).catch(() => {})
        proxy.restart()
        await removeSharedSecrets(project, { kube: client })
        expect(await secretsOf(project), `${fault} of deletion ${write}`).toEqual([])
      }
    }
    await client.close()
  })

  async function projectWithSecrets(): Promise<string> {
    const project = await freshProject(kube)
    for (const secret of sharedSecrets(project, 'nvapi-test-shared-0123456789')) await kube.create(secret)
    return project
  }

  async function secretsOf(namespace: string): Promise<string[]> {
    const { items } = await kube.list({ kind: Kinds.Secret, namespace })
    return items.map((secret) => secret.metadata.name)
  }
})

const forbidden = new KubeApiError('NEXUS_KUBE_REFUSED', 'you may not', {
  status: 403,
  reason: 'Forbidden',
  request: { method: 'GET', path: '/' },
})
