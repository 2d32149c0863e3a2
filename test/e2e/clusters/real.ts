import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePorts, startControlPlane } from '@nexus/kube/testing'
import type { ControlPlane } from '@nexus/kube/testing'
import type { TestCluster } from './cluster.ts'

/**
 * A real control plane, made a cluster by our KServe controller, volume provisioner and node agent, which run in a process
 * of their own as ordinary API clients.
 */
export async function startRealCluster(assets: string): Promise<TestCluster> {
  const home = await mkdtemp(join(tmpdir(), 'nexus-e2e-real-'))
  let plane: ControlPlane | undefined
  const remove = async (): Promise<void> => {
    await plane?.stop()
    await rm(home, { recursive: true, force: true })
  }
  try {
    plane = await startControlPlane({ assets, dir: join(home, 'plane'), controllers: true })
    const [gatewayPort = 0] = await freePorts(1)
    const attached = await attach(plane.kubeconfig, join(home, 'attached'), gatewayPort)
    return {
      kubeconfig: plane.kubeconfig,
      gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
      gatewayKey: attached.gatewayKey,
      env: { HOME: home, KUBECONFIG: plane.kubeconfig, NEXUS_NGC_URL: attached.ngcUrl },
      async stop() {
        await end(attached.child)
        await remove()
      },
    }
  } catch (error) {
    await remove()
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
