import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestCluster } from './cluster.ts'
import { startControlPlane } from './control-plane.ts'
import { hasProgram, root } from './paths.ts'
import { freePortRange, freePorts } from './ports.ts'
import { run } from './run.ts'

const lab = join(root, '..', 'shared', 'kubelab')

/** The folder with etcd, kube-apiserver and their fellows: `KUBEBUILDER_ASSETS`, else the one beside the checkout. */
export async function controlPlaneAssets(): Promise<string | undefined> {
  const named = process.env['KUBEBUILDER_ASSETS']
  if (named !== undefined && named !== '') return named
  if (!existsSync(join(lab, 'unpack')) || !hasProgram('xz')) return undefined
  const unpacked = await run(join(lab, 'unpack'), [], { env: { HOME: process.env['HOME'] ?? tmpdir() } })
  if (unpacked.code !== 0) throw new Error(`Unpacking the control plane failed:\n${unpacked.stderr}`)
  return unpacked.stdout.trim()
}

/**
 * A real control plane, made a cluster by our KServe controller, volume provisioner and node agent, which run in a process
 * of their own as ordinary API clients.
 */
export async function startRealCluster(assets: string): Promise<TestCluster> {
  const home = await mkdtemp(join(tmpdir(), 'nexus-e2e-real-'))
  const plane = await startControlPlane({ assets, dir: join(home, 'plane'), port: await freePortRange(4) })
  try {
    const [gatewayPort = 0] = await freePorts(1)
    const attached = await attach(plane.kubeconfig, join(home, 'attached'), gatewayPort)
    return {
      name: 'a real control plane',
      kubeconfig: plane.kubeconfig,
      gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
      gatewayKey: attached.gatewayKey,
      env: { HOME: home, KUBECONFIG: plane.kubeconfig, NEXUS_NGC_URL: attached.ngcUrl },
      async stop() {
        await end(attached.child)
        await plane.stop()
        await rm(home, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await plane.stop()
    throw error
  }
}

interface AttachedProcess {
  readonly child: ChildProcess
  readonly gatewayKey: string
  readonly ngcUrl: string
}

async function attach(kubeconfig: string, dir: string, gatewayPort: number): Promise<AttachedProcess> {
  const program = join(import.meta.dirname, 'attach-process.ts')
  const gatewayKey = 'nexus-test-gateway-key-0123456789'
  const child = spawn(process.execPath, ['--conditions=@nexus/source', program, kubeconfig, dir, String(gatewayPort)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NEXUS_TEST_GATEWAY_KEY: gatewayKey },
  })
  const lines = createInterface({ input: child.stdout })
  const [line]: unknown[] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [])])
  if (typeof line !== 'string') throw new Error('The processes beside the control plane ended before they were ready')
  return { child, gatewayKey, ngcUrl: line }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
