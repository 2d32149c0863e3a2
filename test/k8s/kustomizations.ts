import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** Every kustomization that a person applies as it is. */
export const KUSTOMIZATIONS = [
  'k8s',
  'k8s/base',
  'k8s/gateway',
  'k8s/model-worker',
  'k8s/redis',
  'k8s/overlays/mock',
  'k8s/overlays/gpu',
  'k8s/overlays/gpu/sglang',
  'k8s/overlays/platform',
] as const

/** Opt-in parts, and what they are tried on. */
export const COMPONENTS = [
  { component: 'gateway-api', on: 'k8s/overlays/platform' },
  { component: 'gateway-api', on: 'k8s/overlays/mock' },
  { component: 'openshift', on: 'k8s/overlays/gpu' },
  { component: 'hpa-inflight', on: 'k8s/base' },
] as const

/** What `kubectl apply -k` would send, as text. */
export async function render(kustomization: string): Promise<string> {
  return build(join(root, kustomization))
}

/** The same with a component added, as an overlay of one's own adds it. */
export async function renderWith(component: string, on: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-k8s-'))
  try {
    const kustomization = {
      resources: [relative(dir, join(root, on))],
      components: [relative(dir, join(root, 'k8s/components', component))],
    }
    await writeFile(join(dir, 'kustomization.yaml'), JSON.stringify(kustomization))
    return await build(dir)
  } finally {
    await rm(dir, { recursive: true })
  }
}

/** The files that a page shows: blocks that begin with a name. */
export async function shownFiles(page: string): Promise<{ name: string; text: string }[]> {
  const blocks = (await readFile(join(root, page), 'utf8')).matchAll(/^```yaml\n# (\S+\.yaml)\n([^]*?)^```$/gm)
  return [...blocks].map(([, name = '', text = '']) => ({ name, text }))
}

/** The same for the kustomization that a page shows, in a folder beside the checkout `nexus` and its `k8s`. */
export async function renderShown(page: string, folder: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-k8s-'))
  try {
    await symlink(root, join(dir, 'nexus'))
    await symlink(join(root, 'k8s'), join(dir, 'k8s'))
    await mkdir(join(dir, folder), { recursive: true })
    for (const { name, text } of await shownFiles(page)) await writeFile(join(dir, folder, name), text)
    return await build(join(dir, folder))
  } finally {
    await rm(dir, { recursive: true })
  }
}

async function build(dir: string): Promise<string> {
  return (await run('kubectl', ['kustomize', dir], { maxBuffer: 16 << 20 })).stdout
}

const Probe = z.looseObject({ httpGet: z.unknown().optional(), tcpSocket: z.unknown().optional() })
const Reference = z.looseObject({ name: z.string(), optional: z.boolean().optional() })

const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  envFrom: z.array(z.looseObject({ configMapRef: Reference.optional(), secretRef: Reference.optional() })).default([]),
  env: z
    .array(
      z.looseObject({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z
          .looseObject({ secretKeyRef: Reference.optional(), configMapKeyRef: Reference.optional() })
          .optional(),
      }),
    )
    .default([]),
  readinessProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
  startupProbe: Probe.optional(),
  resources: z
    .looseObject({ requests: z.record(z.string(), z.string()), limits: z.record(z.string(), z.string()) })
    .optional(),
  securityContext: z.looseObject({ readOnlyRootFilesystem: z.boolean() }).optional(),
})

/** A pod template, as far as the rules below look at it. */
export const PodSpec = z.looseObject({
  serviceAccountName: z.string().optional(),
  automountServiceAccountToken: z.boolean().optional(),
  containers: z.array(Container),
})

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.looseObject({}).optional(),
})
export type Manifest = z.infer<typeof Manifest>

/** The objects of a rendered text. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => Manifest.parse(document.toJS()))
}

const Workload = z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: PodSpec }) }) })

/** The pods that the Deployments among some objects make. */
export function podsOf(objects: readonly Manifest[]): { name: string; spec: z.infer<typeof PodSpec> }[] {
  return objects
    .filter(({ kind }) => kind === 'Deployment')
    .map((object) => ({ name: object.metadata.name, spec: Workload.parse(object).spec.template.spec }))
}
