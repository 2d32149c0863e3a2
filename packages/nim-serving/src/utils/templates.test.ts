import { createServer } from 'node:http'
import { NIM_TEMPLATE_KEY, NIM_TEMPLATE_NAME, renderNIMTemplate } from '@nexus/catalog'
import type { KubeClient } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import { portOf } from '@nexus/kube/testing'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  configureNIMServingRuntime,
  convertTemplateToServingRuntime,
  fetchNIMTemplate,
  fetchNIMTemplateName,
} from './templates.ts'

function template(): Record<string, unknown> {
  const parsed: unknown = parse(renderNIMTemplate())
  return isRecord(parsed) ? parsed : {}
}

test('the shipped template becomes a ServingRuntime with its protocol', () => {
  const runtime = convertTemplateToServingRuntime(template())
  expect(runtime.kind).toBe('ServingRuntime')
  expect(runtime.metadata.annotations).toMatchObject({
    'opendatahub.io/apiProtocol': 'REST',
    'runtimes.opendatahub.io/nvidia-nim': 'true',
  })
})

test('a change of the result does not reach the template', () => {
  const source = template()
  convertTemplateToServingRuntime(source).spec.containers.pop()
  expect(source).toEqual(template())
})

test.each([
  { name: 'nothing', value: undefined, says: 'expected object' },
  { name: 'another kind', value: { ...template(), kind: 'ConfigMap' }, says: 'kind: ' },
  { name: 'no objects', value: { ...template(), objects: [] }, says: 'objects: a Template needs an object' },
  {
    name: 'another object',
    value: { ...template(), objects: [{ kind: 'Secret' }] },
    says: 'objects[0] is no ServingRuntime',
  },
  {
    name: 'no container',
    value: {
      kind: 'Template',
      objects: [
        {
          apiVersion: 'serving.kserve.io/v1alpha1',
          kind: 'ServingRuntime',
          metadata: { name: 'x' },
          spec: { containers: [] },
        },
      ],
    },
    says: 'spec.containers: a ServingRuntime needs a container',
  },
])('a template that is none says what is wrong: $name', ({ value, says }) => {
  expect(() => convertTemplateToServingRuntime(value)).toThrow(says)
  expect(() => convertTemplateToServingRuntime(value)).toThrow(
    expect.objectContaining({ code: 'NEXUS_DEPLOY_TEMPLATE_INVALID' }),
  )
})

const inConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: NIM_TEMPLATE_NAME },
  data: { [NIM_TEMPLATE_KEY]: renderNIMTemplate() },
}

test.each([
  { where: 'in a Template', answers: { templates: template() } },
  { where: 'in a ConfigMap where there are no Templates', answers: { templates: 404, configmaps: inConfigMap } },
  { where: 'in a ConfigMap for who may not read Templates', answers: { templates: 403, configmaps: inConfigMap } },
])('the template is found $where', async ({ answers }) => {
  expect(await fetchFrom(answers)).toEqual(convertTemplateToServingRuntime(template()))
})

test.each([
  { what: 'there is none', answers: { templates: 404, configmaps: 404 }, code: 'NEXUS_DEPLOY_TEMPLATE_MISSING' },
  {
    what: 'it may be in a Template that may not be read',
    answers: { templates: 403, configmaps: 404 },
    code: 'NEXUS_KUBE_REFUSED',
  },
  { what: 'the cluster does not say', answers: { templates: 500 }, code: 'NEXUS_KUBE_REFUSED' },
])('without a template the error says why: $what', async ({ answers, code }) => {
  await expect(fetchFrom(answers)).rejects.toMatchObject({ code })
})

const ofAccount = { ...template(), metadata: { name: 'odh-nim-account-template' } }
const accounts = {
  apiVersion: 'v1',
  kind: 'List',
  metadata: {},
  items: [
    {
      apiVersion: 'nim.opendatahub.io/v1',
      kind: 'Account',
      metadata: { name: 'odh-nim-account' },
      status: { runtimeTemplate: { name: 'odh-nim-account-template' } },
    },
  ],
}

test('the template of an Account takes the place of one that is missing', async () => {
  const runtime = await fetchFrom({ accounts, 'templates/odh-nim-account-template': ofAccount })
  expect(runtime.metadata.annotations).toMatchObject({ 'opendatahub.io/template-name': 'odh-nim-account-template' })
})

const dashboard = {
  apiVersion: 'opendatahub.io/v1alpha',
  kind: 'OdhDashboardConfig',
  metadata: { name: 'odh-dashboard-config' },
}
const config = (nimConfig: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'nexus-config' },
  data: { nimConfig },
})
test.each([
  { where: 'nowhere', answers: {}, name: 'nim-http-template' },
  { where: 'where nobody may look', answers: { odhdashboardconfigs: 403, configmaps: 403 }, name: 'nim-http-template' },
  { where: 'in ConfigMap nexus-config', answers: { configmaps: config('templateName: mine') }, name: 'mine' },
  {
    where: 'in an OdhDashboardConfig, which comes first',
    answers: {
      odhdashboardconfigs: { ...dashboard, spec: { nimConfig: { templateName: 'ours' } } },
      configmaps: config('templateName: mine'),
    },
    name: 'ours',
  },
  {
    where: 'in ConfigMap nexus-config, as the OdhDashboardConfig has no such field',
    answers: { odhdashboardconfigs: { ...dashboard, spec: {} }, configmaps: config('templateName: mine') },
    name: 'mine',
  },
])('the name of the template is set $where', async ({ answers, name }) => {
  expect(await fetchNIMTemplateName(await serverThatAnswers(answers), { namespace: 'nexus' })).toBe(name)
})

test.each(['templateName: [', 'templateName: 3'])('a setting that cannot be read is an error: %j', async (text) => {
  const kube = await serverThatAnswers({ configmaps: config(text) })
  await expect(fetchNIMTemplateName(kube, { namespace: 'nexus' })).rejects.toMatchObject({
    code: 'NEXUS_DEPLOY_TEMPLATE_INVALID',
  })
})

test('a template is found by another name', async () => {
  const kube = await serverThatAnswers({ 'templates/mine': { ...template(), metadata: { name: 'mine' } } })
  const runtime = await fetchNIMTemplate(kube, { namespace: 'nexus', name: 'mine' })
  expect(runtime.metadata.annotations).toMatchObject({ 'opendatahub.io/template-name': 'mine' })
})

test.each([
  { what: 'named as ours', volume: 'nim-pvc' },
  { what: 'named after its PVC', volume: 'nim-pvc-1768' },
])('the volume $what keeps its name and gets another PVC and folder', ({ volume }) => {
  const source = convertTemplateToServingRuntime(template())
  const text = JSON.stringify(source).replaceAll('"nim-pvc"', JSON.stringify(volume))
  const renamed = convertTemplateToServingRuntime({ ...template(), objects: [parse(text)] })
  const moved = configureNIMServingRuntime(renamed, { claimName: 'my.models', subPath: 'llama' })
  const back = configureNIMServingRuntime(moved, { claimName: 'my.models' })
  expect(moved.spec.volumes).toContainEqual({ name: volume, persistentVolumeClaim: { claimName: 'my.models' } })
  const mount = { name: volume, mountPath: '/mnt/models/cache' }
  expect(moved.spec.containers[0]?.volumeMounts).toContainEqual({ ...mount, subPath: 'llama' })
  expect(back.spec.containers[0]?.volumeMounts).toContainEqual(mount)
  expect(moved.spec.volumes).toHaveLength(renamed.spec.volumes?.length ?? 0)
})

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** Asks an API server that answers for each resource with an object or a status. */
async function fetchFrom(answers: Record<string, object | number>) {
  return fetchNIMTemplate(await serverThatAnswers(answers), { namespace: 'nexus' })
}

/** A server that answers by resource, or by resource and name. */
async function serverThatAnswers(answers: Record<string, object | number>): Promise<KubeClient> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]?.split('/') ?? []
    const resource = path.at(-2) ?? ''
    const answer = answers[path.slice(-2).join('/')] ?? answers[resource] ?? answers[path.at(-1) ?? ''] ?? 404
    const body =
      typeof answer === 'number' ? { kind: 'Status', code: answer, message: `${resource}: ${answer}` } : answer
    response.writeHead(typeof answer === 'number' ? answer : 200).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const kube = createNodeKubeClient({ server: `http://127.0.0.1:${portOf(server.address())}`, auth: { type: 'none' } })
  cleanups.push(
    () => kube.close(),
    () => server.close(),
  )
  return kube
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
