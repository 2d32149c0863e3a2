import type { ConformanceCase } from '../case.ts'
import { asRecord, fieldAt } from '../fields.ts'

export const area = 'OpenAPI'

/** Versions of which the sandbox serves every kind. */
const WHOLE = [
  'apps/v1',
  'autoscaling/v2',
  'batch/v1',
  'coordination.k8s.io/v1',
  'discovery.k8s.io/v1',
  'rbac.authorization.k8s.io/v1',
  'scheduling.k8s.io/v1',
]

/** What Kubernetes says beside the types of the fields: what they are for, and what they are when they are left out. */
const BESIDE = new Set(['description', 'default', 'enum', 'x-kubernetes-unions'])

/** The types of the group's API and of those it uses; those of requests and their answers are not described. */
function types(body: unknown): unknown {
  const schemas = Object.entries(asRecord(fieldAt(body, 'components', 'schemas')))
  const own = schemas.filter(([name]) => /^io\.k8s\.api(?:extensions-apiserver\.pkg\.apis)?\./.test(name))
  return JSON.parse(JSON.stringify(Object.fromEntries(own), withoutBeside))
}

function withoutBeside(key: string, value: unknown): unknown {
  if (BESIDE.has(key)) return undefined
  // A list that says nothing is atomic, and a map granular.
  if (key === 'x-kubernetes-list-type' && value === 'atomic') return undefined
  if (key === 'x-kubernetes-map-type' && value === 'granular') return undefined
  if (key === 'required' && Array.isArray(value)) return value.map(String).sort()
  const wrapped = fieldAt(value, 'allOf')
  return wrapped !== undefined && JSON.stringify(wrapped).includes('.RawExtension"') ? {} : value
}

/** The media types in which an object of the kind may be patched. */
function patchTypes(body: unknown, path: string): unknown {
  return Object.keys(asRecord(fieldAt(body, 'paths', path, 'patch', 'requestBody', 'content'))).sort()
}

export const cases: readonly ConformanceCase[] = [
  ...WHOLE.map((version): ConformanceCase => ({
    title: `the types of ${version} are described, with their keys and merge strategies`,
    async run({ send }) {
      await send({ method: 'GET', path: `/openapi/v3/apis/${version}`, compared: types })
    },
  })),
  {
    title: 'the types of apiextensions.k8s.io/v1 are described, with their keys and merge strategies',
    differs: 'The sandbox has no names for what may be any JSON, and wraps every reference.',
    async run({ send }) {
      await send({ method: 'GET', path: '/openapi/v3/apis/apiextensions.k8s.io/v1', compared: types })
    },
  },
  {
    title: 'the documents of what kubectl explains and applies are found in the index',
    async run({ send }) {
      const compared = (body: unknown): unknown =>
        WHOLE.map((version) => typeof fieldAt(body, 'paths', `apis/${version}`, 'serverRelativeURL'))
      await send({ method: 'GET', path: '/openapi/v3', compared })
    },
  },
  {
    title: 'kinds say in which ways they may be patched',
    async run({ send }) {
      const path = '/apis/apps/v1/namespaces/{namespace}/deployments/{name}'
      const compared = (body: unknown): unknown => patchTypes(body, path)
      await send({ method: 'GET', path: '/openapi/v3/apis/apps/v1', compared })
    },
  },
  {
    title: 'a document of a group that is not served is not found',
    async run({ send }) {
      await send({ method: 'GET', path: '/openapi/v3/apis/example.com/v1', compared: () => undefined })
    },
  },
]
