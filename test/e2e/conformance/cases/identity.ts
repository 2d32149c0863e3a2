import { pathIn, pod, secret } from '../bodies.ts'
import type { Answer, ConformanceCase, ServerUnderTest } from '../case.ts'
import { fieldAt, uidOf } from '../fields.ts'

export const area = 'who one is (tokens, impersonation, reviews of both)'

const REVIEWS = '/apis/authentication.k8s.io/v1'
const WHO_AM_I = { method: 'POST', path: `${REVIEWS}/selfsubjectreviews`, body: {} }

function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}

function tokenIn({ body }: Answer): string {
  return String(fieldAt(body, 'status', 'token'))
}

/** A ServiceAccount `robot`; the answer is the path of its tokens. */
async function makeRobot({ namespace, prepare }: ServerUnderTest): Promise<string> {
  const path = pathIn(namespace, 'serviceaccounts')
  await prepare({ method: 'POST', path, body: { metadata: { name: 'robot' } } })
  return `${path}/robot/token`
}

/** What differs between two tokens of the same account. */
function withoutToken(body: unknown): unknown {
  return [fieldAt(body, 'kind'), fieldAt(body, 'metadata'), fieldAt(body, 'spec'), fieldAt(body, 'message')]
}

const ANONYMOUS_PATHS = [
  '/healthz',
  '/livez',
  '/readyz',
  '/readyz/ping',
  '/api',
  '/apis',
  '/openapi/v2',
  '/nowhere',
  '/api/v1/namespaces',
  '/api/v1/namespaces/default',
  '/apis/apps/v1/deployments',
  '/apis/nobody.example/v1/things',
]

export const cases: readonly ConformanceCase[] = [
  {
    title: 'who sends no token sees whether the server is well, and nothing else',
    async run({ send }) {
      for (const path of ANONYMOUS_PATHS) await send({ method: 'GET', path, headers: { authorization: '' } })
      await send({ ...WHO_AM_I, headers: { authorization: 'Basic YTpi' } })
    },
  },
  {
    title: 'a token that nobody has is refused, whatever it asks',
    async run({ send }) {
      for (const path of ['/version', '/api/v1/pods', '/nowhere'])
        await send({ method: 'GET', path, headers: bearer('nobodys') })
    },
  },
  {
    title: 'the token of a ServiceAccount speaks for it',
    async run(server) {
      const path = await makeRobot(server)
      const token = tokenIn(await server.send({ method: 'POST', path, body: {}, compared: withoutToken }))
      await server.send({ ...WHO_AM_I, headers: bearer(token) })
      await server.send({ method: 'GET', path: pathIn(server.namespace, 'pods'), headers: bearer(token) })
    },
  },
  {
    title: 'a token is for its audiences and nobody else',
    async run(server) {
      const path = await makeRobot(server)
      const spec = { audiences: ['vault', 'other'], expirationSeconds: 600 }
      const token = tokenIn(await server.send({ method: 'POST', path, body: { spec }, compared: withoutToken }))
      await server.send({ ...WHO_AM_I, headers: bearer(token) })
      const review = async (audiences: readonly string[]): Promise<void> => {
        const asked = { spec: { token, ...(audiences.length > 0 && { audiences }) } }
        const compared = (body: unknown): unknown => fieldAt(body, 'status')
        await server.send({ method: 'POST', path: `${REVIEWS}/tokenreviews`, body: asked, compared })
      }
      await review([])
      await review(['vault', 'third'])
      await review(['third'])
    },
  },
  {
    title: 'a token is bound to a pod or a Secret',
    async run(server) {
      const path = await makeRobot(server)
      const { namespace, send, prepare } = server
      const pods = pathIn(namespace, 'pods')
      const spec = { serviceAccountName: 'robot', nodeName: 'conformance', schedulerName: 'none' }
      const made = await prepare({ method: 'POST', path: pods, body: pod('one', spec) })
      await prepare({ method: 'POST', path: pathIn(namespace, 'secrets'), body: secret('key') })
      const bound = (kind: string, name: string, uid?: string): object => {
        return { spec: { boundObjectRef: { apiVersion: 'v1', kind, name, ...(uid !== undefined && { uid }) } } }
      }
      const ofPod = await prepare({ method: 'POST', path, body: bound('Pod', 'one', uidOf(made.body)) })
      await send({ ...WHO_AM_I, headers: bearer(tokenIn(ofPod)) })
      const ofSecret = await prepare({ method: 'POST', path, body: bound('Secret', 'key') })
      await send({ ...WHO_AM_I, headers: bearer(tokenIn(ofSecret)) })
      for (const body of [
        bound('Pod', 'one', 'another'),
        bound('Pod', 'two'),
        bound('Pod', ''),
        bound('Secret', 'two'),
        bound('ConfigMap', 'kube-root-ca.crt'),
      ])
        await send({ method: 'POST', path, body })
    },
  },
  {
    title: 'a token that cannot be is refused',
    async run(server) {
      const path = await makeRobot(server)
      for (const body of [
        { spec: { expirationSeconds: 599 } },
        { spec: { expirationSeconds: '600' } },
        { spec: { audiences: 'vault' } },
        { spec: { expirationSeconds: 2 ** 33 } },
        { metadata: { name: 'another' } },
        { metadata: { namespace: 'another' } },
      ])
        await server.send({ method: 'POST', path, body })
      await server.send({ method: 'POST', path: path.replace('robot', 'nobody'), body: {} })
    },
  },
  {
    title: 'a Secret that asks for a token gets one, and goes with its account',
    async run(server) {
      const { namespace, prepare, send, until } = server
      await makeRobot(server)
      const path = pathIn(namespace, 'secrets')
      const type = 'kubernetes.io/service-account-token'
      const asking = (account: string): object => ({ 'kubernetes.io/service-account.name': account })
      await send({ method: 'POST', path, body: { metadata: { name: 'unsaid' }, type } })
      await prepare({
        method: 'POST',
        path,
        body: { metadata: { name: 'orphan', annotations: asking('nobody') }, type },
      })
      await until({ method: 'GET', path: `${path}/orphan` }, ({ status }) => status === 404)
      await prepare({ method: 'POST', path, body: { metadata: { name: 'key', annotations: asking('robot') }, type } })
      const filled = await until(
        { method: 'GET', path: `${path}/key`, compared: (body) => fieldAt(body, 'metadata') },
        ({ body }) => fieldAt(body, 'data', 'token') !== undefined,
      )
      const token = Buffer.from(String(fieldAt(filled.body, 'data', 'token')), 'base64').toString()
      await send({ ...WHO_AM_I, headers: bearer(token) })
      await prepare({ method: 'DELETE', path: `${pathIn(namespace, 'serviceaccounts')}/robot` })
      await until({ method: 'GET', path: `${path}/key` }, ({ status }) => status === 404)
    },
  },
  {
    title: 'a review of a token that nobody has',
    async run({ send }) {
      const path = `${REVIEWS}/tokenreviews`
      await send({ method: 'POST', path, body: { spec: { token: 'nobodys' } } })
      await send({ method: 'POST', path, body: { spec: {} } })
      await send({ method: 'GET', path })
    },
  },
  {
    title: 'an administrator is whom he impersonates',
    async run({ send, namespace }) {
      const robot = `system:serviceaccount:${namespace}:robot`
      const wishes: Record<string, string>[] = [
        { 'impersonate-user': 'eve' },
        { 'impersonate-user': 'eve', 'impersonate-group': 'team' },
        { 'impersonate-user': robot },
        { 'impersonate-user': robot, 'impersonate-group': 'team' },
        { 'impersonate-user': 'system:anonymous' },
        { 'impersonate-user': 'eve', 'impersonate-group': 'system:unauthenticated' },
        { 'impersonate-user': 'eve', 'impersonate-uid': 'u1', 'impersonate-extra-acme.com%2Fproject': 'p' },
        { 'impersonate-user': '' },
      ]
      for (const headers of wishes) await send({ ...WHO_AM_I, headers })
    },
  },
  {
    title: 'groups, a uid or extra fields of nobody are refused',
    differs: 'Kubernetes answers a text that quotes its own structs, the sandbox a Status; both answer 500',
    async run({ send }) {
      for (const headers of [{ 'impersonate-group': 'team' }, { 'impersonate-uid': 'u1' }])
        await send({ ...WHO_AM_I, headers })
    },
  },
  {
    title: 'who may not impersonate is told so, one thing after the other',
    async run(server) {
      const path = await makeRobot(server)
      const token = tokenIn(await server.prepare({ method: 'POST', path, body: {} }))
      const wishes: Record<string, string>[] = [
        { 'impersonate-user': 'eve', 'impersonate-group': 'team' },
        { 'impersonate-user': 'system:serviceaccount:default:default' },
        { 'impersonate-user': 'system:serviceaccount:nobody' },
      ]
      for (const wish of wishes) await server.send({ ...WHO_AM_I, headers: { ...bearer(token), ...wish } })
    },
  },
]
