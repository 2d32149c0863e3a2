import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { Kinds } from '@nexus/kube'
import { parse } from 'yaml'
import { z } from 'zod'
import { root } from './paths.ts'

export interface ControlPlaneOptions {
  /** Folder with etcd, kube-apiserver, kube-controller-manager and kube-scheduler (the envtest convention). */
  readonly assets: string
  readonly dir: string
  /** The API server's; the next three are used, too. */
  readonly port: number
}

export interface ControlPlane {
  readonly kubeconfig: string
  stop(): Promise<void>
}

const Definition = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})

const TOKEN = 'admin-token-of-this-test-cluster'

/** Starts etcd, kube-apiserver, kube-controller-manager and kube-scheduler on loopback, with KServe's own CRDs. */
export async function startControlPlane({ assets, dir, port }: ControlPlaneOptions): Promise<ControlPlane> {
  const certificates = join(dir, 'certs')
  await mkdir(certificates, { recursive: true })
  const kubeconfig = join(dir, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigOf(port))
  await writeFile(join(dir, 'tokens.csv'), `${TOKEN},admin,admin,system:masters\n`)
  await writeServiceAccountKeys(dir)
  const children: ChildProcess[] = []
  const start = (name: string, flags: Record<string, string | number>): void => {
    const log = openSync(join(dir, `${name}.log`), 'a')
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
    children.push(spawn(join(assets, name), args, { stdio: ['ignore', log, log] }))
  }
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) await end(child)
  }
  try {
    start('etcd', {
      'data-dir': join(dir, 'etcd'),
      'listen-client-urls': `http://127.0.0.1:${port + 1}`,
      'advertise-client-urls': `http://127.0.0.1:${port + 1}`,
      'listen-peer-urls': 'http://127.0.0.1:0',
      'unsafe-no-fsync': 'true',
    })
    start('kube-apiserver', {
      'etcd-servers': `http://127.0.0.1:${port + 1}`,
      'cert-dir': certificates,
      'secure-port': port,
      'bind-address': '127.0.0.1',
      'service-account-key-file': join(dir, 'sa.pub'),
      'service-account-signing-key-file': join(dir, 'sa.key'),
      'service-account-issuer': 'https://kubernetes.default.svc',
      'token-auth-file': join(dir, 'tokens.csv'),
      'authorization-mode': 'RBAC',
      'service-cluster-ip-range': '10.96.0.0/16',
    })
    await answers(`https://127.0.0.1:${port}/readyz`)
    start('kube-controller-manager', {
      kubeconfig,
      'service-account-private-key-file': join(dir, 'sa.key'),
      'use-service-account-credentials': 'true',
      'bind-address': '127.0.0.1',
      'secure-port': port + 2,
      'cert-dir': certificates,
      'leader-elect': 'false',
    })
    start('kube-scheduler', {
      kubeconfig,
      'bind-address': '127.0.0.1',
      'secure-port': port + 3,
      'cert-dir': certificates,
      'leader-elect': 'false',
    })
    await installKServeDefinitions(kubeconfig)
  } catch (error) {
    await stop()
    throw error
  }
  return { kubeconfig, stop }
}

function kubeconfigOf(port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'real', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token: TOKEN } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'admin' } }],
    'current-context': 'real',
  })
}

async function writeServiceAccountKeys(dir: string): Promise<void> {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  await writeFile(join(dir, 'sa.pub'), keys.publicKey)
  await writeFile(join(dir, 'sa.key'), keys.privateKey, { mode: 0o600 })
}

/** KServe's own definitions, from the fixtures beside the checkout. */
async function installKServeDefinitions(kubeconfig: string): Promise<void> {
  const folder = join(root, '..', 'shared', 'fixtures', 'crds')
  const kube = createNodeKubeClient(await loadKubeConfig({ path: kubeconfig, env: {} }))
  const files = (await readdir(folder)).filter((file) => file.startsWith('serving.kserve.io'))
  for (const file of files) {
    await kube.create(Definition.parse(parse(await readFile(join(folder, file), 'utf8'))))
  }
  await established(kube, files.length)
  await kube.close()
}

async function established(kube: ReturnType<typeof createNodeKubeClient>, count: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { items } = await kube.list({ kind: Kinds.CustomResourceDefinition })
    const ready = items.filter((item) =>
      item.status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True'),
    )
    if (ready.length >= count) return
    await delay(100)
  }
  throw new Error('The custom resource definitions were not established')
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await isReady(url)) return
    await delay(100)
  }
  throw new Error(`${url} did not become ready`)
}

function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { rejectUnauthorized: false, headers: { authorization: `Bearer ${TOKEN}` } }
    request(url, options, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
      .on('error', () => resolve(false))
      .end()
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
