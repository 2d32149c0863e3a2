import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretText } from '@nexus/core'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { eventually, startControlPlane } from '@nexus/kube/testing'
import { startApiServer, startControllers } from '@nexus/sandbox'
import { connect } from './connection.ts'
import type { Connection } from './connection.ts'
import { prepared } from './server-under-test.ts'

/** A server with its controllers and without a node: what the API says is compared, not what containers do. */
export interface StartedServer extends AsyncDisposable {
  readonly connection: Connection
  /** Makes a namespace; resolves when it holds what controllers put into every one. */
  makeNamespace(name: string): Promise<void>
}

const TOKEN = 'admin-token-of-the-conformance-suite'

export async function startSandboxServer(): Promise<StartedServer> {
  await using starting = new AsyncDisposableStack()
  const dir = await folder(starting, 'nexus-conformance-sandbox-')
  const api = await startApiServer({ dir: join(dir, 'api'), port: 0, token: TOKEN })
  starting.defer(() => api.close())
  const auth = { type: 'token', token: new SecretText(TOKEN) } as const
  const kube = createNodeKubeClient({ server: api.url, auth, ca: api.caPem })
  starting.defer(() => kube.close())
  const controllers = await startControllers({ kube, volumesDir: join(dir, 'volumes'), log: () => {} })
  starting.defer(() => controllers.close())
  const connection = connect({ url: api.url, token: TOKEN, caPem: api.caPem })
  return started(starting.move(), connection, ['serviceaccounts/default'])
}

/** Kubernetes' own etcd, kube-apiserver and kube-controller-manager. */
export async function startRealServer(assets: string): Promise<StartedServer> {
  await using starting = new AsyncDisposableStack()
  const dir = await folder(starting, 'nexus-conformance-real-')
  const plane = await startControlPlane({ assets, dir, controllers: true, kserve: false })
  starting.defer(() => plane.stop())
  const { server, ca = '', auth } = await loadKubeConfig({ path: plane.kubeconfig, env: {} })
  if (auth.type !== 'token') throw new TypeError('The control plane of the tests knows its users by tokens')
  const connection = connect({ url: server, token: auth.token.reveal(), caPem: ca })
  return started(starting.move(), connection, ['serviceaccounts/default', 'configmaps/kube-root-ca.crt'])
}

async function folder(starting: AsyncDisposableStack, prefix: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), prefix))
  starting.defer(() => rm(dir, { recursive: true, force: true }))
  return dir
}

function started(running: AsyncDisposableStack, connection: Connection, contained: readonly string[]): StartedServer {
  running.defer(() => connection.close())
  return {
    connection,
    async makeNamespace(name) {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
      await prepared(connection, { method: 'POST', path: '/api/v1/namespaces', body })
      for (const one of contained)
        await eventually(() => prepared(connection, { method: 'GET', path: `/api/v1/namespaces/${name}/${one}` }))
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
