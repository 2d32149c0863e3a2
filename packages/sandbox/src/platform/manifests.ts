import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { knownKind } from '@nexus/kube'
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
  return (await readDocuments(file)).map((document) => Manifest.parse(document))
}

/** The documents of a YAML file; empty ones, as `---` at its end leaves, are none. */
async function readDocuments(file: string): Promise<unknown[]> {
  return parseAllDocuments(await readFile(file, 'utf8')).flatMap((document) => {
    const [fault] = document.errors
    if (fault !== undefined) throw new Error(`${file}: ${fault.message}`, { cause: fault })
    const value: unknown = document.toJS()
    return value === null ? [] : [value]
  })
}

/**
 * The objects of a folder's `kustomization.yaml`, its resources followed in order. Only `resources` is understood:
 * kustomizations that patch or generate are refused by the schema rather than read wrongly.
 */
export async function readKustomization(folder: string): Promise<UnknownObject[]> {
  const [root] = await readDocuments(join(folder, 'kustomization.yaml'))
  const kustomization = Kustomization.parse(root)
  const objects: UnknownObject[] = []
  for (const resource of kustomization.resources) {
    const path = join(folder, resource)
    objects.push(...((await stat(path)).isDirectory() ? await readKustomization(path) : await readManifestFile(path)))
  }
  return kustomization.namespace === undefined ? objects : objects.map(inNamespace(kustomization.namespace))
}

/** Cluster-scoped objects stay as they are, as with kustomize. */
function inNamespace(namespace: string): (object: UnknownObject) => UnknownObject {
  return (object) =>
    knownKind(object.apiVersion, object.kind)?.namespaced === false
      ? object
      : { ...object, metadata: { ...object.metadata, namespace } }
}
