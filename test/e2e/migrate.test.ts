import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Kinds } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { eventually, hasProgram, startFaultProxy } from '@nexus/kube/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chat, startChattingClients } from './chatting-clients.ts'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { pointedAt } from './clusters/kubeconfig.ts'
import { nexusBin, root } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'
import { oldDeployment, oldRuntime, sharedSecrets } from './old-deployments.ts'

const SHARED_KEY = 'nvapi-test-shared-0123456789'
const OWN_KEY = 'nvapi-test-person-0123456789'
const NAMES = ['llama', 'mistral', 'phi']
const script = join(root, 'ops', 'migrate_nim_deployment.sh')
const withoutKubectl = !hasProgram('kubectl')

await describeOnClusters('a namespace of old deployments', (start) => {
  let cluster: TestCluster
  let kube: ReturnType<typeof createNodeKubeClient>
  const said: string[] = []

  const noted = async (running: Promise<Ran>): Promise<Ran> => {
    const ran = await running
    said.push(ran.stdout, ran.stderr)
    return ran
  }
  const nexus = (args: readonly string[], input = ''): Promise<Ran> =>
    noted(run(nexusBin, args, { env: cluster.env, input }))
  const migrate = (...args: string[]): Promise<Ran> => nexus(['migrate', '-n', 'old', ...args])
  const sh = (...args: string[]): Promise<Ran> => noted(run(script, args, { env: cluster.env }))

  async function apply(manifest: string): Promise<void> {
    const ran = await run('kubectl', ['apply', '-f', '-'], { env: cluster.env, input: manifest })
    expect(ran, ran.stderr).toMatchObject({ code: 0 })
  }

  async function secretsOf(namespace: string): Promise<string[]> {
    const { items } = await kube.list({ kind: Kinds.Secret, namespace })
    return items.map(({ metadata }) => metadata.name).sort()
  }

  /** How often KServe has changed the pods of a deployment. */
  async function revisionOf(name: string): Promise<string | undefined> {
    const ref = { kind: Kinds.Deployment, name: `${name}-predictor`, namespace: 'old' }
    return (await kube.get(ref)).metadata.annotations?.['deployment.kubernetes.io/revision']
  }

  beforeAll(async () => {
    cluster = await start()
    kube = createNodeKubeClient(await loadKubeConfig({ path: cluster.kubeconfig, env: {} }))
  })

  afterAll(async () => {
    await kube?.close()
    await cluster?.stop()
  })

  test('is migrated one by one while clients chat, and no request fails', { timeout: 300_000 }, async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    await apply(sharedSecrets('old', SHARED_KEY) + NAMES.map((name) => oldDeployment(name, 'old')).join(''))
    const made = await nexus(['gateway', 'keys', 'create', 'clients', '--projects', 'old', '--requests', 'none'])
    const key = made.stdout.trim()
    said.length = 0 // the key that was made is to be shown, once
    const models = NAMES.map((name) => `old/${name}`)
    for (const model of models) {
      await eventually(async () => expect(await chat(cluster.gatewayUrl, key, model)).toBe('ok'), 90_000)
    }
    const revisions = await Promise.all(NAMES.map(revisionOf))
    const clients = startChattingClients(cluster, key, models)
    try {
      const refused = await migrate('--cleanup', '--yes')
      expect(refused).toMatchObject({ code: 6 })
      expect(refused.stderr).toContain('ServingRuntime phi uses ngc-secret')

      const planned = await migrate('-d', 'llama', '--reuse-key', '--dry-run')
      expect(planned, planned.stderr).toMatchObject({ code: 0 })
      expect(planned.stdout).toContain('would create Secret nim-api-key-llama')
      expect(planned.stdout).toMatch(/^- +name: nvidia-nim-secrets$\n^\+ +name: nim-api-key-llama$/m)
      expect(planned.stdout).toMatch(/^- +- name: ngc-secret$\n^\+ +- name: nim-image-pull-llama$/m)
      expect(await secretsOf('old')).toEqual(['ngc-secret', 'nvidia-nim-secrets'])

      const first = await sh('-n', 'old', '-d', 'llama', '-k', OWN_KEY)
      expect(first, first.stderr).toMatchObject({ code: 0, stdout: 'servingruntime/llama migrated\n' })
      expect(first.stderr).toContain('warning: a key after -k shows in the process list')
      const answered = [...clients.seen.values()].map((seen) => seen.answered)
      expect(await sh('-n', 'old', '--cleanup')).toMatchObject({ code: 6 })

      const second = await nexus(['migrate', '-n', 'old', '-d', 'mistral', '--api-key-stdin'], `${OWN_KEY}\n`)
      expect(second, second.stderr).toMatchObject({ code: 0 })
      const listed = await migrate('--plan')
      expect(listed.stdout).toMatch(/llama\s+own.*\n.*mistral\s+own.*\n.*phi\s+shared/)
      expect(await migrate('--cleanup', '--yes')).toMatchObject({ code: 6 })

      const third = await sh('-n', 'old', '-d', 'phi', '--reuse-key')
      expect(third, third.stderr).toMatchObject({ code: 0 })
      // Each client has been answered by pods with the new Secrets, too.
      const enough = (): void => {
        for (const [at, { answered: now }] of [...clients.seen.values()].entries()) {
          expect(now).toBeGreaterThan((answered[at] ?? 0) + 5)
        }
      }
      await eventually(enough)
    } finally {
      await clients.stop()
    }
    for (const [model, { failures }] of clients.seen) expect(failures, model).toEqual([])
    // One rollout each: a restart on top of KServe's own would be a second.
    expect(await Promise.all(NAMES.map(revisionOf))).toEqual(revisions.map((before) => String(Number(before) + 1)))
  })

  test('is migrated: again there is nothing to do, with or without a key', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    for (const key of [[], ['--reuse-key']]) {
      expect(await migrate('-d', 'llama', ...key)).toMatchObject({
        code: 0,
        stdout: 'servingruntime/llama unchanged\n',
      })
    }
    const other = await nexus(['migrate', '-n', 'old', '-d', 'phi', '--api-key-stdin'], OWN_KEY)
    expect(other).toMatchObject({ code: 6 })
    expect(other.stderr).toContain('nexus rotate-key phi -n old')
  })

  test('loses its shared Secrets when the last is migrated', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    expect(await migrate('--cleanup')).toMatchObject({ code: 6 }) // nobody can be asked
    const shown = await sh('-n', 'old', '--cleanup', '--dry-run')
    expect(shown.stdout).toBe('would delete Secret nvidia-nim-secrets\nwould delete Secret ngc-secret\n')
    expect(await secretsOf('old')).toContain('ngc-secret')
    const removed = await sh('-n', 'old', '--cleanup')
    expect(removed, removed.stderr).toMatchObject({ code: 0 })
    expect(await secretsOf('old')).toEqual(
      NAMES.flatMap((name) => [`nim-api-key-${name}`, `nim-image-pull-${name}`]).sort(),
    )
    expect(await sh('-n', 'old', '--cleanup')).toMatchObject({ code: 0, stdout: '' })
  })

  test('moves the references of a stopped deployment and restarts nothing', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    await apply(sharedSecrets('stopped', SHARED_KEY) + oldDeployment('gemma', 'stopped', { stopped: true }))
    const ran = await nexus(['migrate', '-n', 'stopped', '-d', 'gemma', '--reuse-key'])
    expect(ran, ran.stderr).toMatchObject({ code: 0 })
    expect(ran.stderr).toContain('gemma is not restarted: it is stopped')
    expect(await nexus(['migrate', '-n', 'stopped', '--cleanup', '--yes'])).toMatchObject({ code: 0 })
  })

  test('is finished by the same command after it was killed at any write', { timeout: 200_000 }, async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    await using proxy = await startFaultProxy(await loadKubeConfig({ path: cluster.kubeconfig, env: {} }))
    const throughProxy = join(cluster.env['HOME'] ?? '', 'migrate-through-proxy.kubeconfig')
    await writeFile(throughProxy, await pointedAt(cluster.kubeconfig, proxy.access.server))
    const env = { ...cluster.env, KUBECONFIG: throughProxy, PATH: process.env['PATH'] ?? '' }
    const writes = (): number => proxy.requests.filter(({ isWrite }) => isWrite).length
    for (let write = 0; write < 3; write += 1) {
      const namespace = `killed-${write}`
      await apply(sharedSecrets(namespace, SHARED_KEY) + oldRuntime('llama', namespace))
      proxy.restart()
      const args = ['migrate', '-n', namespace, '-d', 'llama', '--reuse-key']
      const child = spawn(nexusBin, args, { env, stdio: 'ignore' })
      const exited = once(child, 'exit')
      while (writes() <= write && child.exitCode === null) await delay(1)
      child.kill('SIGKILL')
      await exited
      const again = await nexus(args)
      expect(again, again.stderr).toMatchObject({ code: 0 })
      expect(await secretsOf(namespace)).toEqual([
        'ngc-secret',
        'nim-api-key-llama',
        'nim-image-pull-llama',
        'nvidia-nim-secrets',
      ])
      expect((await nexus(args)).stdout).toBe('servingruntime/llama unchanged\n')
      expect(await nexus(['migrate', '-n', namespace, '--cleanup', '--yes'])).toMatchObject({ code: 0 })
    }
  })

  test('has left nothing of older platforms to clean up', async () => {
    const ran = await nexus(['cleanup', 'legacy', '--yes'])
    expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: '' })
    expect(ran.stderr).toContain('Nothing of older platforms is left')
  })

  test('no command has shown a key', () => {
    expect(said.join('\n')).not.toMatch(/nvapi-test|bnZhcGkt|eyJhdXRocyI6/)
  })
})
