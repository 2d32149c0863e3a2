import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kinds } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { eventually, hasProgram } from '@nexus/kube/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { nexusBin, root } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import { oldDeployment, sharedSecrets } from './old-deployments.ts'

const KEY = 'nvapi-test-0123456789abcdefghij'

await describeOnClusters('docs/guides/migration.md, by hand', (start) => {
  let cluster: TestCluster
  let kube: ReturnType<typeof createNodeKubeClient>

  beforeAll(async () => {
    cluster = await start()
    kube = createNodeKubeClient(await loadKubeConfig({ path: cluster.kubeconfig, env: {} }))
  })

  afterAll(async () => {
    await kube?.close()
    await cluster?.stop()
  })

  test('its commands migrate a deployment and remove the shared Secrets', async ({ skip }) => {
    skip(!hasProgram('kubectl'), 'needs kubectl')
    const { env } = cluster
    const input = sharedSecrets('byhand', 'nvapi-test-shared-0123456789') + oldDeployment('llama', 'byhand')
    expect(await run('kubectl', ['apply', '-f', '-'], { env, input })).toMatchObject({ code: 0 })
    await eventually(() => kube.get({ kind: Kinds.Deployment, name: 'llama-predictor', namespace: 'byhand' }))

    const keyFile = join(env['HOME'] ?? '', 'key.txt')
    await writeFile(keyFile, `${KEY}\n`)
    const blocks = (await blocksByHand()).map((block) =>
      block.replace('NAMESPACE=demo', 'NAMESPACE=byhand').replace('KEY_FILE=key.txt', `KEY_FILE='${keyFile}'`),
    )
    expect(blocks).toHaveLength(7)
    const [setUp = '', create = '', move = '', wait = '', look = '', check = '', remove = ''] = blocks
    const users = async (): Promise<string> => (await run('sh', [], { env, input: `${setUp}\n${check}` })).stdout
    expect(await users()).toContain('ngc-secret')
    const ran = await run('sh', ['-e'], { env, input: [setUp, create, move, wait, look].join('\n') })
    expect(ran, ran.stderr).toMatchObject({ code: 0 })
    expect(ran.stdout).toContain('\nnim-api-key-llama\nnim-image-pull-llama\n')
    expect(ran.stdout).not.toContain('restarted') // KServe does it by itself
    // What ends has its Secrets already; the guide wants nothing printed.
    await eventually(async () => expect(await users()).toBe(''))
    expect(await run('sh', ['-e'], { env, input: `${setUp}\n${remove}` })).toMatchObject({ code: 0 })

    const { items } = await kube.list({ kind: Kinds.Secret, namespace: 'byhand' })
    expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(['nim-api-key-llama', 'nim-image-pull-llama'])
    // The command sees what the hand has done: nothing but owners is left to write.
    const migrated = await run(nexusBin, ['migrate', '-n', 'byhand', '-d', 'llama', '--api-key-stdin'], {
      env,
      input: KEY,
    })
    expect(migrated, migrated.stderr).toMatchObject({ code: 0 })
    expect(migrated.stderr).not.toContain('ServingRuntime llama now uses')
  })
})

/** The shell blocks of the guide's second half. */
async function blocksByHand(): Promise<string[]> {
  const guide = await readFile(join(root, 'docs', 'guides', 'migration.md'), 'utf8')
  const [, byHand = ''] = guide.split('\n## By hand\n')
  return [...byHand.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block)
}
