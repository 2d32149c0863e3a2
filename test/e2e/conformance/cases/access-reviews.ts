import { pathIn } from '../bodies.ts'
import type { ConformanceCase } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'asking what one may do (access reviews)'

const GROUP = 'authorization.k8s.io/v1'
const SELF = `/apis/${GROUP}/selfsubjectaccessreviews`
const OTHERS = `/apis/${GROUP}/subjectaccessreviews`
const RULES = `/apis/${GROUP}/selfsubjectrulesreviews`
const EVE = { user: 'eve' }

/** Kubernetes lists rules in no order. */
function sortedRules(body: unknown): unknown {
  const sorted = (field: string): unknown => {
    const rules = fieldAt(body, 'status', field)
    return Array.isArray(rules) ? rules.map((rule) => textOf(rule)).sort() : rules
  }
  return { body: fieldAt(body, 'message'), objects: sorted('resourceRules'), paths: sorted('nonResourceRules') }
}

const FIELDS = ['apiGroups', 'resources', 'resourceNames', 'nonResourceURLs', 'verbs']

function textOf(rule: unknown): string {
  return JSON.stringify(FIELDS.map((field) => fieldAt(rule, field) ?? null))
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'one asks for oneself, and learns by what it is allowed',
    async run({ namespace, send }) {
      const pods = { resourceAttributes: { namespace, verb: 'get', resource: 'pods' } }
      await send({ method: 'POST', path: SELF, body: { spec: pods } })
      await send({ method: 'POST', path: SELF, body: { spec: pods }, as: EVE })
      for (const path of ['/apis', '/metrics']) {
        const spec = { nonResourceAttributes: { path, verb: 'get' } }
        await send({ method: 'POST', path: SELF, body: { spec }, as: EVE })
      }
    },
  },
  {
    title: 'one asks for others',
    async run({ namespace, send }) {
      const resourceAttributes = { namespace, verb: 'delete', group: 'apps', resource: 'deployments', name: 'a' }
      await send({ method: 'POST', path: OTHERS, body: { spec: { user: 'bob', resourceAttributes } } })
      const groups = ['system:masters']
      await send({ method: 'POST', path: OTHERS, body: { spec: { user: 'bob', groups, resourceAttributes } } })
      await send({ method: 'POST', path: OTHERS, body: { spec: { user: 'bob', resourceAttributes } }, as: EVE })
    },
  },
  {
    title: 'one asks for others in one namespace',
    async run({ namespace, send }) {
      const path = pathIn(namespace, 'localsubjectaccessreviews', GROUP)
      const inNamespace = (where: string): object => ({ namespace: where, verb: 'get', resource: 'pods' })
      for (const spec of [
        { user: 'bob', resourceAttributes: inNamespace(namespace) },
        { user: 'bob', resourceAttributes: inNamespace('default') },
        { user: 'bob', nonResourceAttributes: { path: '/version', verb: 'get' } },
      ])
        await send({ method: 'POST', path, body: { spec } })
    },
  },
  {
    title: 'a question that is none is refused',
    async run({ send }) {
      const objects = { verb: 'get', resource: 'pods' }
      const paths = { path: '/version', verb: 'get' }
      await send({ method: 'POST', path: SELF, body: { spec: {} } })
      const both = { resourceAttributes: objects, nonResourceAttributes: paths }
      await send({ method: 'POST', path: SELF, body: { spec: both } })
      await send({ method: 'POST', path: OTHERS, body: { spec: { resourceAttributes: objects } } })
      await send({ method: 'POST', path: RULES, body: { spec: {} } })
      await send({ method: 'GET', path: SELF })
      await send({ method: 'GET', path: `${SELF}/one` })
    },
  },
  {
    title: 'a question with wrong fields is refused',
    async run({ send }) {
      const strict = `${SELF}?fieldValidation=Strict`
      const spec = { nonsense: 1, resourceAttributes: { verb: 'get', resource: 'pods', more: 1 } }
      await send({ method: 'POST', path: strict, body: { spec } })
      await send({ method: 'POST', path: SELF, body: { spec } })
      await send({ method: 'POST', path: SELF, body: { spec: { resourceAttributes: { verb: 1 } } } })
      await send({ method: 'POST', path: OTHERS, body: { spec: { user: ['bob'] } } })
    },
  },
  {
    title: 'a question with metadata',
    differs: 'Kubernetes refuses it, quoting the managed fields that it put there; the sandbox answers the question',
    async run({ send }) {
      const spec = { resourceAttributes: { verb: 'get', resource: 'pods' } }
      await send({ method: 'POST', path: SELF, body: { metadata: { name: 'one' }, spec } })
    },
  },
  {
    title: 'one asks for everything one may do',
    async run({ namespace, send }) {
      const body = { spec: { namespace } }
      await send({ method: 'POST', path: RULES, body, compared: sortedRules })
      await send({ method: 'POST', path: RULES, body, as: EVE, compared: sortedRules })
      await send({ method: 'POST', path: RULES, body, as: { user: 'system:anonymous' } })
    },
  },
]
