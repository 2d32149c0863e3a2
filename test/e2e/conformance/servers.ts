import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretText } from '@nexus/core'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { eventually, startControlPlane } from '@nexus/kube/testing'
import { startApiServer, startControllers } from '@nexus/sandbox'
import { connect } from './connection.ts'
import type { Access, Connection } from './connection.ts'
import { prepared } from './server-under-test.ts'

/** A server with its controllers and without a node: what the API says is compared, not what containers do. */
export interface StartedServer extends AsyncDisposable {
  readonly connection: Connection
  /** A file for kubectl, with the administrator's token. */
  readonly kubeconfig: string
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
  const access = { url: api.url, token: TOKEN, caPem: api.caPem }
  return await started(starting, { access, dir, contained: ['serviceaccounts/default'] })
}

/** Kubernetes' own etcd, kube-apiserver and kube-controller-manager. */
export async function startRealServer(assets: string): Promise<StartedServer> {
  await using starting = new AsyncDisposableStack()
  const dir = await folder(starting, 'nexus-conformance-real-')
  const plane = await startControlPlane({ assets, dir, controllers: true, kserve: false })
  starting.defer(() => plane.stop())
  const { server, ca = '', auth } = await loadKubeConfig({ path: plane.kubeconfig, env: {} })
  if (auth.type !== 'token') throw new TypeError('The control plane of the tests knows its users by tokens')
  const access = { url: server, token: auth.token.reveal(), caPem: ca }
  return await started(starting, { access, dir, contained: ['serviceaccounts/default', 'configmaps/kube-root-ca.crt'] })
}

async function folder(starting: AsyncDisposableStack, prefix: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), prefix))
  starting.defer(() => rm(dir, { recursive: true, force: true }))
  return dir
}

interface Running {
  readonly access: Access
  readonly dir: string
  /** What controllers put into every namespace. */
  readonly contained: readonly string[]
}

async function started(starting: AsyncDisposableStack, { access, dir, contained }: Running): Promise<StartedServer> {
  const connection = connect(access)
  starting.defer(() => connection.close())
  const kubeconfig = await writeKubeconfig(dir, access)
  const running = starting.move()
  return {
    connection,
    kubeconfig,
    async makeNamespace(name) {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
      await prepared(connection, { method: 'POST', path: '/api/v1/namespaces', body })
      for (const one of contained)
        await eventually(() => prepared(connection, { method: 'GET', path: `/api/v1/namespaces/${name}/${one}` }))
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function writeKubeconfig(dir: string, { url, token, caPem }: Access): Promise<string> {
  const file = join(dir, 'kubectl.json')
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(caPem).toString('base64') }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'conformance', cluster }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'conformance', context: { cluster: 'conformance', user: 'admin' } }],
    'current-context': 'conformance',
  }
  await writeFile(file, JSON.stringify(config))
  return file
}
