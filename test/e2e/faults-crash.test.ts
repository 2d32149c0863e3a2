import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { Kinds } from '@nexus/kube'
import { eventually, startFaultProxy } from '@nexus/kube/testing'
import type { Fault, FaultProxy } from '@nexus/kube/testing'
import { format, resolveConfig } from 'prettier'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { pointedAt } from './clusters/kubeconfig.ts'
import { nexusBin, root } from './clusters/paths.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'
import { nameOfWrite, NEW_KEY, OLD_KEY, OPERATIONS, outcomeIn } from './faults-operations.ts'
import type { Operation } from './faults-operations.ts'

/** Ends the client before the write reaches the server, or when it has taken effect and nobody has said so. */
const CRASHES = ['held', 'held-answer'] as const

/** What an API server, or what stands before it, does to a write. */
const REFUSALS: readonly { readonly fault: Fault; readonly times?: number }[] = [
  { fault: 'denied' },
  { fault: 'conflict', times: 3 },
  { fault: 'lost-answer' },
  { fault: 'reset' },
  { fault: 'down' },
]

await describeOnClusters('an operation that is cut off', (start) => {
  let cluster: TestCluster
  let kube: ReturnType<typeof createNodeKubeClient>
  let proxy: FaultProxy
  let throughProxy: string
  let namespaces = 0
  const rows: string[] = []

  const environment = (): Record<string, string> => ({ ...cluster.env, KUBECONFIG: throughProxy })
  const command = ({ args, input }: Operation, namespace: string): Promise<Ran> =>
    run(nexusBin, args(namespace), { env: environment(), input })

  async function seeded({ name, seed }: Operation): Promise<string> {
    const namespace = `${name.replaceAll(/[^a-z]+/g, '-')}-${namespaces++}`
    await seed(kube, namespace)
    return namespace
  }

  /** Not waited for: the next case has a namespace of its own. */
  async function forget(namespace: string): Promise<void> {
    await kube.delete({ kind: Kinds.Namespace, name: namespace })
  }

  /** Ends the process of a command, as a crash does, when it waits for the answer to this write. */
  async function crash(operation: Operation, namespace: string, at: { write: number; fault: Fault }): Promise<string> {
    proxy.restart(at)
    const child = spawn(nexusBin, operation.args(namespace), {
      env: { PATH: process.env['PATH'], ...environment() },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stdin.end(operation.input)
    const exited = once(child, 'exit')
    const isHeld = (): void =>
      expect(
        proxy.requests.some((request) => request.isHeld === true),
        said,
      ).toBe(true)
    await eventually(isHeld, 60_000).finally(() => child.kill('SIGKILL'))
    await exited
    proxy.restart()
    return said
  }

  const writesSeen = (): string[] => proxy.requests.filter(({ isWrite }) => isWrite).map(nameOfWrite)

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

  /** One run to its end: its writes, and what it came to. */
  async function reference(operation: Operation): Promise<{ writes: string[]; outcome: string[] }> {
    const namespace = await seeded(operation)
    proxy.restart()
    const ran = await command(operation, namespace)
    expect(ran.code, ran.stderr).toBe(0)
    const writes = writesSeen()
    const outcome = await outcomeIn(kube, namespace)
    await forget(namespace)
    expect(writes.length).toBeGreaterThan(0)
    return { writes, outcome }
  }

  /** A deploy that took back its namespace leaves it to the cluster to end it, and says to try again when it is gone. */
  function untilNothingIsGoing(operation: Operation, namespace: string): Promise<Ran> {
    return eventually(async () => {
      const ran = await command(operation, namespace)
      if (ran.code === 6 && ran.stderr.includes('is being deleted')) throw new Error(ran.stderr)
      return ran
    }, 60_000)
  }

  /** The same command again leads to the same end, writes nothing after that, and has shown no key. */
  async function expectConvergence(
    operation: Operation,
    namespace: string,
    { outcome, which }: { outcome: string[]; which: string },
  ): Promise<void> {
    const again = await untilNothingIsGoing(operation, namespace)
    const isDone = !operation.repeatable && again.code === 3
    expect(isDone ? 0 : again.code, `${which}: ${again.stderr}`).toBe(0)
    await eventually(async () => expect(await outcomeIn(kube, namespace), which).toEqual(outcome))
    proxy.restart()
    const third = await command(operation, namespace)
    expect(third.code, `${which}, repeated: ${third.stderr}`).toBe(operation.repeatable ? 0 : 3)
    expect(writesSeen(), `${which}, repeated`).toEqual([])
    expect([again, third].flatMap(({ stdout, stderr }) => [stdout, stderr]).join('')).not.toMatch(/nvapi-test|bnZhcGkt/)
  }

  test.each(OPERATIONS)('$name, ended by SIGKILL at each write', { timeout: 600_000 }, async (operation) => {
    const { writes, outcome } = await reference(operation)
    let unfinished = 0
    for (const [write, what] of writes.entries()) {
      for (const fault of CRASHES) {
        const which = `${operation.name}, ${fault} ${what}`
        const namespace = await seeded(operation)
        const said = await crash(operation, namespace, { write, fault })
        expect(said, which).not.toMatch(/nvapi-test|bnZhcGkt/)
        await expectNoKeyLost(operation, namespace, which)
        if (JSON.stringify(await outcomeIn(kube, namespace)) !== JSON.stringify(outcome)) unfinished += 1
        await expectConvergence(operation, namespace, { outcome, which })
        await forget(namespace)
      }
      expect(unfinished, 'a crash leaves something to do').toBeGreaterThan(0)
      rows.push(`| ${operation.name} | ${write + 1}. ${what} | converges | converges |`)
    }
  })

  test.each(OPERATIONS)('$name, refused in the middle', { timeout: 600_000 }, async (operation) => {
    const { writes, outcome } = await reference(operation)
    const write = Math.floor(writes.length / 2)
    for (const refusal of REFUSALS) {
      const which = `${operation.name}, ${refusal.fault} at ${writes[write]}`
      const namespace = await seeded(operation)
      proxy.restart({ write, ...refusal })
      const ran = await command(operation, namespace)
      if (refusal.fault === 'denied' || refusal.fault === 'down') expect(ran.code, which).not.toBe(0)
      expect(ran.code === 0 || ran.stderr.includes('error:'), `${which}: ${ran.stderr}`).toBe(true)
      proxy.restart()
      await expectConvergence(operation, namespace, { outcome, which })
      await forget(namespace)
    }
  })

  /** As long as an operation is not over, the key that was there is somewhere, unless it was to be removed. */
  async function expectNoKeyLost({ name, input }: Operation, namespace: string, which: string): Promise<void> {
    if (name === 'delete' || name === 'migrate --cleanup' || name === 'deploy') return
    const { items } = await kube.list({ kind: Kinds.Secret, namespace })
    const held = items
      .flatMap(({ data = {} }) => Object.values(data))
      .map((value) => atob(value))
      .join('\n')
    const keys = [OLD_KEY, input === NEW_KEY ? NEW_KEY : OLD_KEY]
    expect(
      keys.some((key) => held.includes(key) || held.includes(btoa(key))),
      which,
    ).toBe(true)
  }

  test('every crash point is in the reference', async () => {
    const page = join(root, 'docs', 'reference', 'crash-points.md')
    const text = await format(`${PREFACE}\n${rows.join('\n')}\n`, {
      ...(await resolveConfig(page)),
      parser: 'markdown',
    })
    await expect(text).toMatchFileSnapshot(page)
  })
})

const PREFACE = `# Crash points

Each operation writes to the API server in this order. For each write its process was ended by SIGKILL twice: before the write
reached the server, and when it had taken effect and no answer had come. Then the same command was run again. "Converges" means:
the namespace holds exactly what one undisturbed run leaves, no object and no key is lost or left over, and a third run writes
nothing. \`test/e2e/faults-crash.test.ts\` does so on the sandbox and on a real control plane, and writes this page.

The deployments are stopped: what is written is looked at here, not what runs. A rotation that replaces pods has one write more,
and \`test/e2e/rotate.test.ts\` ends it at each while clients chat.

Three things are cut off at each of their writes in tests of the package alone, by requests that never arrive and by answers that
get lost: a rotation that is undone (\`rotate/rotate.test.ts\`), an edit that grows a volume (\`edit.test.ts\`) and the removal of
what older platforms left, which is about a whole cluster (\`legacy/cleanup.test.ts\`). They converge, too.

A failed write is not a crash: then \`deploy\` takes back what it had created, and the other operations stop and say how to go on.

| operation | write | ended before it | ended after it |
| --- | --- | --- | --- |`
