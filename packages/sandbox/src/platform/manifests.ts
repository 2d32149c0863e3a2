import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { knownKind } from '@nexus/kube'
import type { UnknownObject } from '@nexus/kube'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

/** A kustomization as far as the shipped ones go: files and folders, a namespace for all of them, ConfigMaps of settings. */
const Kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1').optional(),
  kind: z.literal('Kustomization').optional(),
  namespace: z.string().optional(),
  resources: z.array(z.string()),
  configMapGenerator: z
    .array(
      z.strictObject({
        name: z.string(),
        namespace: z.string().optional(),
        envs: z.array(z.string()),
        options: z.strictObject({ labels: z.record(z.string(), z.string()) }).optional(),
      }),
    )
    .optional(),
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
 * The objects of a folder's `kustomization.yaml`, its resources followed in order, then its generated ConfigMaps, whose names
 * stay as they are written: here no pod has to notice a change. Kustomizations that do more are refused by the schema rather
 * than read wrongly.
 */
export async function readKustomization(folder: string): Promise<UnknownObject[]> {
  const [root] = await readDocuments(join(folder, 'kustomization.yaml'))
  const kustomization = Kustomization.parse(root)
  const objects: UnknownObject[] = []
  for (const resource of kustomization.resources) {
    const path = join(folder, resource)
    objects.push(...((await stat(path)).isDirectory() ? await readKustomization(path) : await readManifestFile(path)))
  }
  for (const { envs, name, namespace, options } of kustomization.configMapGenerator ?? []) {
    const files = await Promise.all(envs.map((env) => readFile(join(folder, env), 'utf8')))
    const metadata = { name, ...(namespace !== undefined && { namespace }), ...options }
    objects.push({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: settingsOf(files) })
  }
  return kustomization.namespace === undefined ? objects : objects.map(inNamespace(kustomization.namespace))
}

/** The variables of env files: a line each, `NAME=value`, without quotes. Comments and empty lines are none. */
function settingsOf(files: readonly string[]): Record<string, string> {
  const lines = files.flatMap((file) => file.split('\n')).filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** Cluster-scoped objects stay as they are, as with kustomize. */
function inNamespace(namespace: string): (object: UnknownObject) => UnknownObject {
  return (object) =>
    knownKind(object.apiVersion, object.kind)?.namespaced === false
      ? object
      : { ...object, metadata: { ...object.metadata, namespace } }
}
