import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretText } from '@nexus/core'
import { loadKubeConfig } from '@nexus/kube/node'
import type { ClusterAccess } from '@nexus/kube/node'
import { sharedControlPlane } from '@nexus/kube/testing'
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

/** The control plane that the tests of a run share; its certificate is taken as it is, as an agent beside a cluster does. */
export async function connectToRealApi(): Promise<TestApi> {
  const { server, auth } = await loadKubeConfig({ path: await sharedControlPlane({ controllers: false }) })
  if (auth.type !== 'token') throw new TypeError('The control plane of the tests knows its users by tokens')
  return { url: server, token: auth.token.reveal(), close: async () => {} }
}
