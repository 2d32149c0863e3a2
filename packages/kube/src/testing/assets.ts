import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hasProgram } from './programs.ts'

/** What lies beside the checkout where the tests are given more than a fresh clone has. */
export const sharedFolder = join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared')

/**
 * The folder with etcd, kube-apiserver, kube-controller-manager and kube-scheduler: `KUBEBUILDER_ASSETS` (as envtest has
 * it), else the one beside the checkout. Undefined where there is neither.
 */
export async function controlPlaneAssets(): Promise<string | undefined> {
  const named = process.env['KUBEBUILDER_ASSETS']
  if (named !== undefined && named !== '') return named
  const unpack = join(sharedFolder, 'kubelab', 'unpack')
  if (!existsSync(unpack) || !hasProgram('xz')) return undefined
  return (await promisify(execFile)(unpack)).stdout.trim()
}
