import { glob } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestCluster } from './clusters/cluster.ts'
import { root } from './clusters/paths.ts'
import { run } from './clusters/run.ts'

const PRELOAD = join(root, 'packages', 'sandbox', 'src', 'node', 'preload.ts')

/** A counter of a deployment's worker, asked as a pod of the project would: by the name of its Service. */
export async function workerMetric(
  cluster: TestCluster,
  project: string,
  name: string,
  metric: string,
): Promise<number> {
  const address = `http://${name}-predictor.${project}.svc.cluster.local/metrics`
  const program = `process.stdout.write(await (await fetch('${address}')).text())`
  const ran = await run(process.execPath, ['--import', PRELOAD, '--input-type=module', '-e', program], {
    env: { NEXUS_ADDRESS_MAP: await addressMapOf(cluster), NEXUS_POD_NAMESPACE: project },
  })
  const value = new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(ran.stdout)?.[1]
  if (value === undefined) throw new Error(`The worker has no metric ${metric}:\n${ran.stdout}${ran.stderr}`)
  return Number(value)
}

async function addressMapOf(cluster: TestCluster): Promise<string> {
  const home = cluster.env['HOME'] ?? dirname(cluster.kubeconfig)
  for await (const file of glob('**/address-map.json', { cwd: home })) return join(home, file)
  throw new Error(`No address map below ${home}`)
}
