import { readFile } from 'node:fs/promises'
import { parse, stringify } from 'yaml'
import { z } from 'zod'

const Kubeconfig = z.looseObject({
  clusters: z.array(z.looseObject({ cluster: z.looseObject({ server: z.string() }) })),
})

/** A kubeconfig whose clusters are reached at `url`; what else their entries say stays. */
export async function pointedAt(kubeconfig: string, url: string): Promise<string> {
  const config = Kubeconfig.parse(parse(await readFile(kubeconfig, 'utf8')))
  const clusters = config.clusters.map((entry) => {
    const { 'certificate-authority-data': _, 'insecure-skip-tls-verify': __, ...cluster } = entry.cluster
    return { ...entry, cluster: { ...cluster, server: url } }
  })
  return stringify({ ...config, clusters })
}
