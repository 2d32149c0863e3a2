import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { Kinds } from '@nexus/kube'
import type { Kind } from '@nexus/kube'
import { eventually, startFaultProxy } from '@nexus/kube/testing'
import type { FaultProxy } from '@nexus/kube/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { pointedAt } from './clusters/kubeconfig.ts'
import { nexusBin } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'

await describeOnClusters('a deploy whose writes fail', (start) => {
  let cluster: TestCluster
  let kube: ReturnType<typeof createNodeKubeClient>
  let proxy: FaultProxy
  let throughProxy: string

  const deploy = (...more: string[]): Promise<Ran> =>
    run(
      nexusBin,
      [
        'deploy',
        'phi-3-mini-4k-instruct',
        '--name',
        'phi',
        '-n',
        'faults',
        '--create-namespace',
        '--api-key-stdin',
        ...more,
      ],
      { env: { ...cluster.env, KUBECONFIG: throughProxy }, input: 'nvapi-test-0123456789abcdefghij' },
    )

  /** Everything a deployment is made of, wherever it is. */
  const leftovers = async (): Promise<string[]> => {
    const kinds: Kind[] = [Kinds.Secret, Kinds.PersistentVolumeClaim, Kinds.ServingRuntime, Kinds.InferenceService]
    const lists = await Promise.all(kinds.map((kind) => kube.list({ kind, namespace: 'faults' })))
    const namespaces = await kube.list({ kind: Kinds.Namespace })
    return [
      ...lists.flatMap((list) => list.items).map((object) => `${object.kind} ${object.metadata.name}`),
      ...namespaces.items.filter((item) => item.metadata.name === 'faults').map(() => 'Namespace faults'),
    ]
  }

  beforeAll(async () => {
    cluster = await start()
    const access = await loadKubeConfig({ path: cluster.kubeconfig, env: {} })
    kube = createNodeKubeClient(access)
    proxy = await startFaultProxy(access)
    throughProxy = join(cluster.env['HOME'] ?? '', 'through-proxy.kubeconfig')
    await writeFile(throughProxy, await pointedAt(cluster.kubeconfig, proxy.access.server))
  })

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await kube?.close()
    await cluster?.stop()
  })

  test('every write fails once in turn and nothing is left behind', { timeout: 300_000 }, async () => {
    const clean = await deploy()
    expect(clean.stderr).not.toContain('error')
    expect(clean.code).toBe(0)
    const writes = writesSeen()
    expect(writes.length).toBeGreaterThanOrEqual(7) // namespace, 2 Secrets, PVC, ServingRuntime, InferenceService, owner references
    await removeProject()
    for (const [write, which] of writes.entries()) {
      proxy.restart({ write, fault: 'refused' })
      const ran = await deploy()
      expect(ran.code, `write ${write}: ${which}`).not.toBe(0)
      expect(ran.stderr).toContain('error:')
      await eventually(async () => expect(await leftovers(), `after write ${write}: ${which}`).toEqual([]), 60_000)
    }
  })

  test('the same deploy again says unchanged and writes nothing', async () => {
    proxy.restart()
    expect(await deploy()).toMatchObject({ code: 0 })
    proxy.restart()
    const again = await deploy()
    expect(again.stdout + again.stderr).toContain('unchanged')
    expect(again.code).toBe(0)
    expect(writesSeen()).toEqual([])
  })

  function writesSeen(): string[] {
    return proxy.requests.filter(({ isWrite }) => isWrite).map(({ method, path }) => `${method} ${path}`)
  }

  async function removeProject(): Promise<void> {
    await kube.delete({ kind: Kinds.Namespace, name: 'faults' })
    await eventually(async () => expect(await leftovers()).toEqual([]), 60_000)
  }
})
