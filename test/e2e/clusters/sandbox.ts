import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '@nexus/kube/testing'
import type { TestCluster } from './cluster.ts'
import { nexusBin } from './paths.ts'
import { run } from './run.ts'

/** A sandbox as a user starts it: `nexus up --detach`, on ports and in folders of its own. */
export async function startSandboxCluster(): Promise<TestCluster> {
  const home = await mkdtemp(join(tmpdir(), 'nexus-e2e-'))
  const dir = join(home, 'sandbox')
  const [apiPort = 0, gatewayPort = 0] = await freePorts(2)
  const ports = ['--api-port', String(apiPort), '--gateway-port', String(gatewayPort)]
  const ran = await run(nexusBin, ['up', '--detach', '--dir', dir, ...ports], { env: { HOME: home } })
  if (ran.code !== 0) throw new Error(`nexus up failed (${ran.code}):\n${ran.stdout}${ran.stderr}`)
  const printed = parseEnvironment(ran.stdout)
  const kubeconfig = printed['KUBECONFIG'] ?? ''
  return {
    kubeconfig,
    gatewayUrl: printed['NEXUS_GATEWAY_URL'] ?? '',
    gatewayKey: printed['NEXUS_API_KEY'] ?? '',
    env: { HOME: home, KUBECONFIG: kubeconfig },
    async stop() {
      await run(nexusBin, ['down', '--dir', dir], { env: { HOME: home } })
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** `NAME=value` lines, as `nexus up` prints them (values here need no quotes). */
export function parseEnvironment(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('='))
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}
