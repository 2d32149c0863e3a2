import { hasProgram } from '@nexus/kube/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { KUSTOMIZATIONS, parseManifests, podsOf, render } from './kustomizations.ts'
import type { Manifest } from './kustomizations.ts'

/** What an admin brings: without them the pod waits, and its events name them. */
const OF_THE_ADMIN = ['Secret nexus-gateway-secrets']
/** Pods that call the API server. */
const CALLS_THE_API = ['nexus-gateway']

describe.skipIf(!hasProgram('kubectl')).each(KUSTOMIZATIONS)('%s', (kustomization) => {
  const read = async (): Promise<Manifest[]> => parseManifests(await render(kustomization))
  const isToTryOut = kustomization === 'k8s' || kustomization === 'k8s/overlays/mock'
  const isComplete = !['k8s/base', 'k8s/gateway', 'k8s/model-worker', 'k8s/redis'].includes(kustomization)

  test('every probe has one handler, and every container is asked whether it is ready', async () => {
    for (const { spec, name } of podsOf(await read())) {
      for (const container of spec.containers) {
        const { readinessProbe, livenessProbe, startupProbe } = container
        const probes = [readinessProbe, livenessProbe, startupProbe].filter((probe) => probe !== undefined)
        const handlers = probes.map((probe) => ['httpGet', 'tcpSocket', 'exec', 'grpc'].filter((key) => key in probe))
        expect(
          handlers.map(({ length }) => length),
          name,
        ).toEqual(probes.map(() => 1))
        expect(readinessProbe, name).toBeDefined()
        expect(livenessProbe, name).toBeDefined()
      }
    }
  })

  test('no image is the latest one, except what is built to try it out', async () => {
    const images = podsOf(await read()).flatMap(({ spec }) => spec.containers.map(({ image }) => image))
    const floating = images.filter((image) => !/:[^/]+$/.test(image) || image.endsWith(':latest'))
    if (isToTryOut) expect(floating.sort()).toEqual(['nexus-gateway:latest', 'nexus-model-worker:latest'])
    else if (isComplete) expect(floating).toEqual([])
  })

  // Where short names are looked up in several registries, CRI-O takes none.
  test('images of others name their registry', async () => {
    const images = podsOf(await read()).flatMap(({ spec }) => spec.containers.map(({ image }) => image))
    const short = images.filter((image) => !image.startsWith('nexus-') && !/^[^/]+\.[^/]+\//.test(image))
    expect(short).toEqual([])
  })

  test('every pod has a NetworkPolicy', async () => {
    const objects = await read()
    const policies = namesOf(objects, 'NetworkPolicy')
    expect(podsOf(objects).filter(({ name }) => !policies.includes(name))).toEqual([])
  })

  test('pods have an account of their own, and its token only where they need it', async () => {
    const objects = await read()
    for (const { name, spec } of podsOf(objects)) {
      expect(spec.serviceAccountName, name).toBe(name)
      expect(namesOf(objects, 'ServiceAccount'), name).toContain(name)
      expect(spec.automountServiceAccountToken, name).toBe(CALLS_THE_API.includes(name))
    }
  })

  test('containers say what they need and may use, and their files are read-only', async () => {
    for (const { name, spec } of podsOf(await read())) {
      for (const { resources, securityContext } of spec.containers) {
        const { requests = {}, limits = {} } = resources ?? {}
        expect(
          [requests, limits].flatMap((of) => [of['cpu'], of['memory']]),
          name,
        ).not.toContain(undefined)
        expect(securityContext, name).toMatchObject({
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        })
      }
      expect(spec, name).toMatchObject({
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      })
    }
  })

  test('objects say what they are part of, pods included', async () => {
    const objects = await read()
    const unlabelled = objects
      .filter(({ kind, metadata }) => kind !== 'Namespace' && !metadata.name.startsWith('nim-'))
      .filter(({ metadata: { labels } }) => !LABELS.every((label) => label in labels))
    expect(unlabelled.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([])
    for (const object of objects.filter(({ kind }) => kind === 'Deployment')) {
      const { selector, template } = DeploymentSpec.parse(object.spec)
      expect(template.metadata.labels).toMatchObject(selector.matchLabels)
      expect(LABELS.every((label) => label in template.metadata.labels)).toBe(true)
    }
  })

  test('an autoscaler and an apply do not fight over replicas', async () => {
    const objects = await read()
    const scaled = namesOf(objects, 'HorizontalPodAutoscaler')
    const fixed = objects.filter(({ kind, spec }) => kind === 'Deployment' && spec !== undefined && 'replicas' in spec)
    expect(fixed.map(({ metadata }) => metadata.name).filter((name) => scaled.includes(name))).toEqual([])
  })

  test('what is named is there, or the admin brings it', async () => {
    const objects = await read()
    const there = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`))
    const named = podsOf(objects).flatMap(({ spec }) => spec.containers.flatMap(referencesOf))
    const missing = named.filter((name) => !there.has(name))
    expect(missing).toEqual(isToTryOut || !missing.includes(OF_THE_ADMIN[0] ?? '') ? [] : OF_THE_ADMIN)
  })

  test('no key is in it but the one to try it out', async () => {
    const secrets = (await read()).filter(({ kind }) => kind === 'Secret')
    const values = secrets.flatMap(({ stringData }) => Object.values(StringData.parse(stringData)))
    expect(values.filter((value) => value !== '')).toEqual(isToTryOut ? ['dev-key'] : [])
    expect(await render(kustomization)).not.toMatch(/nvapi-|hf_[A-Za-z0-9]{10}/)
  })

  test('settings of development are only where one tries it out', async () => {
    expect((await render(kustomization)).includes('GATEWAY_DEV: "true"')).toBe(isToTryOut)
  })
})

const LABELS = ['app.kubernetes.io/name', 'app.kubernetes.io/component', 'app.kubernetes.io/part-of']
const Labels = z.record(z.string(), z.string())
const DeploymentSpec = z.looseObject({
  selector: z.looseObject({ matchLabels: Labels }),
  template: z.looseObject({ metadata: z.looseObject({ labels: Labels }) }),
})
const StringData = z.record(z.string(), z.string()).default({})

function namesOf(objects: readonly Manifest[], wanted: string): string[] {
  return objects.filter(({ kind }) => kind === wanted).map(({ metadata }) => metadata.name)
}

type Container = ReturnType<typeof podsOf>[number]['spec']['containers'][number]

/** The ConfigMaps and Secrets without which a container does not start. */
function referencesOf({ envFrom, env }: Container): string[] {
  const maps = [...envFrom.map((from) => from.configMapRef), ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef)]
  const secrets = [...envFrom.map((from) => from.secretRef), ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef)]
  const needed = (refs: typeof maps): string[] =>
    refs.flatMap((ref) => (ref === undefined || ref.optional === true ? [] : [ref.name]))
  return [...needed(maps).map((name) => `ConfigMap ${name}`), ...needed(secrets).map((name) => `Secret ${name}`)]
}
