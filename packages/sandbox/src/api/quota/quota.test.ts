import { expect, test } from 'vitest'
import { fieldAt, stringAt } from '../objects/fields.ts'
import { startTestServer } from '../testing/test-server.ts'
import type { TestServer } from '../testing/test-server.ts'
import { formatAmount } from './amounts.ts'

const GPU = 'nvidia.com/gpu'

async function createIn(server: TestServer, plural: string, kind: string, name: string, rest: object) {
  const body = { apiVersion: 'v1', kind, metadata: { name }, ...rest }
  const { status, body: answer } = await server.ask('POST', `/api/v1/namespaces/default/${plural}`, { body })
  return { status, message: stringAt(answer, 'message'), object: answer }
}

function quota(server: TestServer, hard: Record<string, string>, scopes?: string[]) {
  return createIn(server, 'resourcequotas', 'ResourceQuota', 'team', { spec: { hard, ...(scopes && { scopes }) } })
}

function pod(server: TestServer, name: string, resources: object) {
  return createIn(server, 'pods', 'Pod', name, { spec: { containers: [{ name: 'a', image: 'a:1', resources }] } })
}

async function usedOf(server: TestServer): Promise<unknown> {
  const { body } = await server.ask('GET', '/api/v1/namespaces/default/resourcequotas/team')
  return fieldAt(body, 'status', 'used')
}

test('a quota of GPUs is used up by pods and says what is left', async () => {
  await using server = await startTestServer()
  await quota(server, { [`requests.${GPU}`]: '2', pods: '3' })
  expect(await pod(server, 'one', { limits: { [GPU]: 2 } })).toMatchObject({ status: 201 })
  expect(await pod(server, 'two', { limits: { [GPU]: 1 } })).toMatchObject({
    status: 403,
    message: `pods "two" is forbidden: exceeded quota: team, requested: requests.${GPU}=1, used: requests.${GPU}=2, limited: requests.${GPU}=2`,
  })
  expect(await usedOf(server)).toEqual({ pods: '1', [`requests.${GPU}`]: '2' })
  await server.ask('DELETE', '/api/v1/namespaces/default/pods/one')
  expect(await usedOf(server)).toEqual({ pods: '0', [`requests.${GPU}`]: '0' })
})

test('pods that do not say what they need are refused where a quota counts it', async () => {
  await using server = await startTestServer()
  await quota(server, { 'requests.cpu': '1', 'limits.memory': '1Gi' })
  expect(await pod(server, 'silent', {})).toMatchObject({
    message: 'pods "silent" is forbidden: failed quota: team: must specify limits.memory for: a; requests.cpu for: a',
  })
})

test('a claim that grows counts with its growth', async () => {
  await using server = await startTestServer()
  await quota(server, { 'requests.storage': '5Gi' })
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '6Gi' } } }
  expect(await createIn(server, 'persistentvolumeclaims', 'PersistentVolumeClaim', 'c', { spec })).toMatchObject({
    message:
      'persistentvolumeclaims "c" is forbidden: exceeded quota: team, requested: requests.storage=6Gi, used: requests.storage=0, limited: requests.storage=5Gi',
  })
})

test('a scoped quota counts the pods of its scope alone', async () => {
  await using server = await startTestServer()
  await quota(server, { pods: '0' }, ['BestEffort'])
  expect(await pod(server, 'poor', {})).toMatchObject({ status: 403 })
  expect(await pod(server, 'rich', { requests: { cpu: '1' } })).toMatchObject({ status: 201 })
})

test('a limit range completes containers and refuses what is beyond it', async () => {
  await using server = await startTestServer()
  const limits = [{ type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m' }, max: { cpu: '1' } }]
  await createIn(server, 'limitranges', 'LimitRange', 'team', { spec: { limits } })
  const { object } = await pod(server, 'silent', {})
  expect(object).toMatchObject({
    metadata: {
      annotations: {
        'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu request for container a; cpu limit for container a',
      },
    },
    spec: { containers: [{ resources: { requests: { cpu: '100m' }, limits: { cpu: '500m' } } }] },
  })
  expect(await pod(server, 'greedy', { limits: { cpu: '2' } })).toMatchObject({
    message: 'pods "greedy" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
  })
})

test.each([
  ['requests.memory', 3n * 1024n ** 3n, '3Gi'],
  ['requests.cpu', 7n, '1m'],
  ['pods', 12n, '12'],
])('%s is shown in the form of its kind', (name, amount, shown) => {
  expect(formatAmount(name, name === 'requests.cpu' ? amount : amount * 1_000_000_000n)).toBe(shown)
})
