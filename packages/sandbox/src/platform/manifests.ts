import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { UnknownObject } from '@nexus/kube'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

/** A kustomization as far as the shipped ones go: a list of files and folders, and a namespace for all of them. */
const Kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1').optional(),
  kind: z.literal('Kustomization').optional(),
  namespace: z.string().optional(),
  resources: z.array(z.string()),
})

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})

/** The objects of one YAML file, in the file's order. */
export async function readManifestFile(file: string): Promise<UnknownObject[]> {
  return parseAllDocuments(await readFile(file, 'utf8')).flatMap((document) =>
    document.contents === null ? [] : [Manifest.parse(document.toJS())],
  )
}

/**
 * The objects of a folder's `kustomization.yaml`, its resources followed in order. Only `resources` is understood:
 * kustomizations that patch or generate are refused by the schema rather than read wrongly.
 */
export async function readKustomization(folder: string): Promise<UnknownObject[]> {
  const [root] = parseAllDocuments(await readFile(join(folder, 'kustomization.yaml'), 'utf8'))
  const kustomization = Kustomization.parse(root?.toJS())
  const objects: UnknownObject[] = []
  for (const resource of kustomization.resources) {
    const path = join(folder, resource)
    objects.push(...((await stat(path)).isDirectory() ? await readKustomization(path) : await readManifestFile(path)))
  }
  return kustomization.namespace === undefined ? objects : objects.map(inNamespace(kustomization.namespace))
}

/** Cluster-scoped kinds that shipped manifests hold; kustomize leaves their namespace alone, too. */
const CLUSTER_SCOPED = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding', 'StorageClass'])

function inNamespace(namespace: string): (object: UnknownObject) => UnknownObject {
  return (object) =>
    CLUSTER_SCOPED.has(object.kind) ? object : { ...object, metadata: { ...object.metadata, namespace } }
}

/** The folder of this repository that holds `name`, from the source as well as from the built package. */
export function repositoryPath(...name: string[]): string {
  return join(dirname(dirname(dirname(dirname(import.meta.dirname)))), ...name)
}
