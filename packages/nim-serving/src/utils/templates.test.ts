import { renderNIMTemplate } from '@nexus/catalog'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { convertTemplateToServingRuntime } from './templates.ts'

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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
