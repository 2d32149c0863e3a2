import { generateKeyPairSync } from 'node:crypto'
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { Kinds } from '../index.ts'
import type { Kind } from '../index.ts'
import { createNodeKubeClient, loadKubeConfig } from '../node/index.ts'
import type { NodeKubeClient } from '../node/index.ts'
import { sharedFolder } from './assets.ts'
import { eventually } from './eventually.ts'
import { freePorts } from './ports.ts'
import { startPrograms } from './program-group.ts'
import type { ProgramGroup } from './program-group.ts'

export interface ControlPlaneOptions {
  /** Folder with the programs, as {@link controlPlaneAssets} finds it. */
  readonly assets: string
  /** Its data, logs and kubeconfig; made where it is missing, left behind. */
  readonly dir: string
  /** Whether kube-controller-manager and kube-scheduler run, too. */
  readonly controllers: boolean
  /** Whether KServe's own definitions are installed. Default true. */
  readonly kserve?: boolean
}

/** A control plane without a node. */
export interface ControlPlane {
  /**
   * Its file, with the server's CA. Context `admin` (the current one) may do everything; `dev` is a user without any right.
   */
  readonly kubeconfig: string
  stop(): Promise<void>
}

const ADMIN_TOKEN = 'admin-token-of-this-test-cluster'
const DEV_TOKEN = 'dev-token-of-this-test-cluster'

/** Starts etcd and kube-apiserver, and if asked for their controllers, on free loopback ports. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { assets, dir } = options
  await writeInputs(dir)
  const programs = startPrograms(assets, dir)
  try {
    await programs.alive(bringUp(programs, options))
  } catch (error) {
    await programs.stop()
    throw error
  }
  return { kubeconfig: kubeconfigIn(dir), stop: () => programs.stop() }
}

async function bringUp(
  programs: ProgramGroup,
  { dir, controllers, kserve = true }: ControlPlaneOptions,
): Promise<void> {
  const [port = 0, etcdPort = 0, managerPort = 0, schedulerPort = 0] = await freePorts(4)
  startApiServer(programs, dir, port, etcdPort)
  await writeKubeconfig(dir, port)
  const kube = createNodeKubeClient(await loadKubeConfig({ path: kubeconfigIn(dir), env: {} }))
  try {
    await untilReady(kube)
    if (controllers) startControllers(programs, dir, managerPort, schedulerPort)
    if (kserve) await installKServeDefinitions(kube)
  } finally {
    await kube.close()
  }
}

function kubeconfigIn(dir: string): string {
  return join(dir, 'kubeconfig')
}

/** What the programs read: users, and the key that signs the tokens of ServiceAccounts. */
async function writeInputs(dir: string): Promise<void> {
  await mkdir(join(dir, 'certs'), { recursive: true })
  await writeFile(join(dir, 'tokens.csv'), `${ADMIN_TOKEN},admin,admin,system:masters\n${DEV_TOKEN},dev,dev\n`)
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  await writeFile(join(dir, 'sa.pub'), keys.publicKey)
  await writeFile(join(dir, 'sa.key'), keys.privateKey, { mode: 0o600 })
}

function startApiServer(programs: ProgramGroup, dir: string, port: number, etcdPort: number): void {
  programs.start('etcd', {
    'data-dir': join(dir, 'etcd'),
    'listen-client-urls': `http://127.0.0.1:${etcdPort}`,
    'advertise-client-urls': `http://127.0.0.1:${etcdPort}`,
    'listen-peer-urls': 'http://127.0.0.1:0',
    'unsafe-no-fsync': 'true',
  })
  programs.start('kube-apiserver', {
    'etcd-servers': `http://127.0.0.1:${etcdPort}`,
    'cert-dir': join(dir, 'certs'),
    'secure-port': port,
    'bind-address': '127.0.0.1',
    'service-account-key-file': join(dir, 'sa.pub'),
    'service-account-signing-key-file': join(dir, 'sa.key'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'token-auth-file': join(dir, 'tokens.csv'),
    'authorization-mode': 'RBAC',
    'service-cluster-ip-range': '10.96.0.0/16',
  })
}

function startControllers(programs: ProgramGroup, dir: string, managerPort: number, schedulerPort: number): void {
  const common = {
    kubeconfig: kubeconfigIn(dir),
    'bind-address': '127.0.0.1',
    'cert-dir': join(dir, 'certs'),
    'leader-elect': 'false',
  }
  programs.start('kube-controller-manager', {
    ...common,
    'secure-port': managerPort,
    'service-account-private-key-file': join(dir, 'sa.key'),
    'use-service-account-credentials': 'true',
  })
  programs.start('kube-scheduler', { ...common, 'secure-port': schedulerPort })
}

async function writeKubeconfig(dir: string, port: number): Promise<void> {
  const certificates = join(dir, 'certs')
  await eventually(() => access(join(certificates, 'apiserver.key'))) // the server writes it after its certificate
  const certificate = await readFile(join(certificates, 'apiserver.crt'))
  const server = `https://127.0.0.1:${port}`
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'real', cluster: { server, 'certificate-authority-data': certificate.toString('base64') } }],
    users: [
      { name: 'admin', user: { token: ADMIN_TOKEN } },
      { name: 'dev', user: { token: DEV_TOKEN } },
    ],
    contexts: ['admin', 'dev'].map((user) => ({ name: user, context: { cluster: 'real', user } })),
    'current-context': 'admin',
  }
  await writeFile(kubeconfigIn(dir), JSON.stringify(config))
}

async function untilReady(kube: NodeKubeClient): Promise<void> {
  await eventually(async () => {
    const { status } = await kube.transport.call({ method: 'GET', path: '/readyz' })
    if (status !== 200) throw new Error(`The API server is not ready: /readyz answers ${status}`)
  }, 60_000)
}

const Definition = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})

/** KServe's own definitions, from the folder beside the checkout. */
async function installKServeDefinitions(kube: NodeKubeClient): Promise<void> {
  const folder = join(sharedFolder, 'fixtures', 'crds')
  const files = (await readdir(folder)).filter((file) => file.startsWith('serving.kserve.io'))
  for (const file of files) await kube.create(Definition.parse(parse(await readFile(join(folder, file), 'utf8'))))
  // An API server serves a kind a moment after it has accepted its definition.
  const served: Kind[] = [Kinds.ServingRuntime, Kinds.InferenceService]
  for (const kind of served) await eventually(() => kube.list({ kind }))
}
