import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hasControlPlane, hasProgram, sharedControlPlane } from '@nexus/kube/testing'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { CatalogModel } from './model.ts'
import { parseCatalog } from './parse.ts'
import { shippedFiles } from './shipped.ts'

const run = promisify(execFile)
const folder = join(import.meta.dirname, '../../../config/nim')
const facts = join(import.meta.dirname, '../../../../shared/fixtures/ngc/catalog_facts_2026-03.json')

const ConfigMapShape = z.object({ data: z.record(z.string(), z.string()) })

async function shipped(path: string): Promise<string> {
  return readFile(join(folder, path), 'utf8')
}

test('the shipped catalog has 186 models and no problem', async () => {
  const { models, problems } = parseCatalog(ConfigMapShape.parse(parse(await shipped('configmap.yaml'))))
  expect(problems).toEqual([])
  expect(models).toHaveLength(186)
  expect(models.filter(({ euRestricted }) => euRestricted).length).toBeGreaterThan(0)
})

test('every shipped file is what the serializer makes of the shipped catalog', async () => {
  const { models } = parseCatalog(ConfigMapShape.parse(parse(await shipped('configmap.yaml'))))
  for (const [path, content] of Object.entries(shippedFiles(models))) expect(await shipped(path)).toBe(content)
})

test('the shipped catalog says what the registry said', async ({ skip }) => {
  skip(!existsSync(facts), 'needs the recorded facts of the registry')
  const models = z.array(CatalogModel).parse(JSON.parse(await readFile(facts, 'utf8')))
  expect(await shipped('configmap.yaml')).toBe(shippedFiles(models)['configmap.yaml'])
})

test('the ConfigMap carries the bytes of the Template', async () => {
  const { data } = ConfigMapShape.parse(parse(await shipped('kubernetes/servingruntime-template.yaml')))
  expect(data['template.yaml']).toBe(await shipped('servingruntime-template.yaml'))
})

const Template = z.object({
  objects: z.tuple([
    z.object({
      spec: z.object({
        containers: z.tuple([z.object({ volumeMounts: z.array(z.object({ name: z.string() })) })]),
        volumes: z.array(z.object({ name: z.string() })),
      }),
    }),
  ]),
})

test('the Template mounts exactly the volumes it has', async () => {
  const { objects } = Template.parse(parse(await shipped('servingruntime-template.yaml')))
  const { containers, volumes } = objects[0].spec
  const names = (named: { name: string }[]) => named.map(({ name }) => name).sort()
  expect(names(containers[0].volumeMounts)).toEqual(names(volumes))
})

test('the Template holds and names no secret', async () => {
  expect(await shipped('servingruntime-template.yaml')).not.toMatch(/secret|NGC_API_KEY|nvapi/i)
})

test.for([
  { path: '.', kinds: ['ConfigMap', 'Template'] },
  { path: 'kubernetes', kinds: ['ConfigMap', 'ConfigMap'] },
])('kustomize builds config/nim/$path', async ({ path, kinds }, { skip }) => {
  skip(!hasProgram('kubectl'), 'needs kubectl')
  const { stdout } = await run('kubectl', ['kustomize', join(folder, path)])
  expect([...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind)).toEqual(kinds)
})

test('a real API server takes what an admin applies', { timeout: 60_000 }, async ({ skip }) => {
  skip(!hasProgram('kubectl'), 'needs kubectl')
  skip(!hasControlPlane(), 'needs a control plane')
  const kubeconfig = await sharedControlPlane({ controllers: false })
  const apply = (kustomization: string) =>
    run('kubectl', ['--kubeconfig', kubeconfig, 'apply', '-k', kustomization, '--validate=strict'])
  const gateway = await apply(join(folder, '../../k8s/gateway'))
  expect(gateway.stdout).toMatch(/^deployment\.apps\/nexus-gateway (created|configured|unchanged)$/m)
  expect(gateway.stderr).not.toContain('would violate PodSecurity') // the namespace enforces the restricted standard
  const catalog = await apply(join(folder, 'kubernetes'))
  expect(catalog.stdout).toMatch(
    /^configmap\/nim-http-template (created|configured|unchanged)\nconfigmap\/nim-models-data (created|configured|unchanged)\n$/,
  )
})
