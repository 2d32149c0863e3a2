import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SecretText } from '@nexus/core'
import type { ClusterAccess } from '@nexus/kube/node'
import { startApiServer } from '../../api/index.ts'

/** An API server for tests, without controllers. */
export interface TestApi {
  readonly url: string
  readonly token: string
  /** Its CA, where a test is told. */
  readonly caPem?: string
  close(): Promise<void>
}

/** How a client reaches it. Without a CA its certificate is taken as it is. */
export function accessTo({ url, token, caPem }: Omit<TestApi, 'close'>): ClusterAccess {
  const auth = { type: 'token', token: new SecretText(token) } as const
  return { server: url, auth, ca: caPem, skipTlsVerify: caPem === undefined }
}

const kubelab = fileURLToPath(new URL('../../../../../../shared/kubelab/', import.meta.url))

/** Whether a real control plane can be started here. */
export const hasRealControlPlane = existsSync(join(kubelab, 'up'))

export async function startSandboxApi(): Promise<TestApi> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-node-api-'))
  const token = 'admin-token-of-a-test'
  const server = await startApiServer({ dir, port: 0, token })
  return {
    url: server.url,
    token,
    caPem: server.caPem,
    async close() {
      await server.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export async function startRealApi(): Promise<TestApi> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-node-real-'))
  const port = String(await freePortRange())
  execFileSync(join(kubelab, 'up'), ['--dir', dir, '--port', port, '--no-controllers'], { stdio: 'pipe' })
  return {
    url: `https://127.0.0.1:${port}`,
    token: 'admintoken',
    async close() {
      execFileSync(join(kubelab, 'down'), [dir], { stdio: 'pipe' })
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The first of four ports in a row that are free. */
async function freePortRange(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 9000)
    const free = await Promise.all([0, 1, 2, 3].map((offset) => isFree(first + offset)))
    if (free.every(Boolean)) return first
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
