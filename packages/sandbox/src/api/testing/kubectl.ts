import { execFile, spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ADMIN_TOKEN } from './test-server.ts'
import type { TestServer } from './test-server.ts'

const KUBECTL = 'kubectl'

/** Whether kubectl can be run on this machine. */
export const hasKubectl = spawnSync(KUBECTL, ['version', '--client']).status === 0

export interface KubectlResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs kubectl with `args`, with `input` as its standard input and `env` on top of a bare environment. */
export type Kubectl = (args: readonly string[], input?: string | object, env?: object) => Promise<KubectlResult>

/** A kubectl that knows only the given server: its own kubeconfig, home and caches in the server's folder. */
export async function kubectlFor({ server, dir }: TestServer): Promise<Kubectl> {
  const home = join(dir, 'home')
  const kubeconfig = join(home, 'kubeconfig')
  await mkdir(home, { recursive: true })
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(server.url, server.caPem)))
  return (args, input, env) =>
    new Promise((resolve) => {
      const options = { env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: kubeconfig, ...env } }
      const child = execFile(KUBECTL, args, options, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr })
      })
      child.stdin?.end(typeof input === 'object' ? JSON.stringify(input) : input)
    })
}

function kubeconfigOf(url: string, caPem: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(caPem).toString('base64') },
      },
    ],
    users: [{ name: 'admin', user: { token: ADMIN_TOKEN } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  }
}
