import { createServer } from 'node:http'
import { NIM_TEMPLATE_KEY, NIM_TEMPLATE_NAME, renderNIMTemplate } from '@nexus/catalog'
import { createNodeKubeClient } from '@nexus/kube/node'
import { portOf } from '@nexus/kube/testing'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { convertTemplateToServingRuntime, fetchNIMTemplate } from './templates.ts'

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

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** Asks an API server that answers for each resource with an object or a status. */
async function fetchFrom(answers: Record<string, object | number>) {
  const server = createServer((request, response) => {
    const resource = request.url?.split('/').at(-2) ?? ''
    const answer = answers[resource] ?? 404
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
  return fetchNIMTemplate(kube, { namespace: 'nexus' })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
