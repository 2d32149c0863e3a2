import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ApiObject } from './object.ts'
import { renderTable } from './table.ts'
import type { TableResource } from './table.ts'
import { humanDuration } from './table/age.ts'
import { findFirst } from './table/json-path.ts'

const now = new Date('2026-03-01T12:00:00Z')

const Table = z.object({
  kind: z.literal('Table'),
  columnDefinitions: z.array(
    z.object({ name: z.string(), type: z.string(), format: z.string(), priority: z.number() }),
  ),
  rows: z.array(z.object({ cells: z.array(z.unknown()), object: z.unknown() })),
})

function table(resource: TableResource, ...objects: ApiObject[]) {
  return Table.parse(renderTable(resource, objects, now))
}

function cellsOf(object: ApiObject): Record<string, unknown> {
  const { columnDefinitions, rows } = table(object, object)
  return Object.fromEntries(columnDefinitions.map(({ name }, index) => [name, rows[0]?.cells[index]]))
}

/** The columns of Kubernetes 1.34: name, type, format, priority. */
const recorded = z
  .array(z.object({ apiVersion: z.string(), kind: z.string(), columns: z.array(z.array(z.unknown())) }))
  .parse(JSON.parse(readFileSync(new URL('testdata/table-columns.json', import.meta.url), 'utf8')))

test.each(recorded)('$kind has the columns of the real server', ({ apiVersion, kind, columns }) => {
  const { columnDefinitions } = table({ apiVersion, kind })
  expect(columnDefinitions.map(({ name, type, format, priority }) => [name, type, format, priority])).toEqual(columns)
})

function pod(status: object, spec: object = {}, metadata: object = {}): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', creationTimestamp: '2026-03-01T11:55:00Z', ...metadata },
    spec: { containers: [{ name: 'a' }], ...spec },
    status,
  }
}

const running = { ready: true, restartCount: 0, state: { running: {} } }
const waiting = (reason: string) => ({ ready: false, restartCount: 0, state: { waiting: { reason } } })
const ended = (exitCode: number, reason?: string) => ({
  ready: false,
  restartCount: 0,
  state: { terminated: { exitCode, ...(reason !== undefined && { reason }) } },
})
const deleted = { deletionTimestamp: '2026-03-01T11:59:00Z' }
const withInit = { initContainers: [{ name: 'i' }, { name: 'j' }] }

test.each([
  { what: 'waits to be scheduled', object: pod({ phase: 'Pending' }), ready: '0/1', status: 'Pending' },
  {
    what: 'cannot pull its image',
    object: pod({ phase: 'Pending', containerStatuses: [waiting('ErrImagePull')] }),
    ready: '0/1',
    status: 'ErrImagePull',
  },
  { what: 'runs', object: pod({ phase: 'Running', containerStatuses: [running] }), ready: '1/1', status: 'Running' },
  {
    what: 'is done',
    object: pod({ phase: 'Succeeded', containerStatuses: [ended(0, 'Completed')] }),
    ready: '0/1',
    status: 'Completed',
  },
  { what: 'fell', object: pod({ phase: 'Failed', containerStatuses: [ended(3)] }), ready: '0/1', status: 'ExitCode:3' },
  {
    what: 'is being deleted',
    object: pod({ phase: 'Running', containerStatuses: [running] }, {}, deleted),
    ready: '1/1',
    status: 'Terminating',
  },
  {
    what: 'ended and is being deleted',
    object: pod({ phase: 'Failed', containerStatuses: [ended(1, 'Error')] }, {}, deleted),
    ready: '0/1',
    status: 'Error',
  },
  {
    what: 'initializes',
    object: pod({ phase: 'Pending', initContainerStatuses: [ended(0, 'Completed'), running] }, withInit),
    ready: '0/1',
    status: 'Init:1/2',
  },
  {
    what: 'fails to initialize',
    object: pod({ phase: 'Pending', initContainerStatuses: [waiting('CrashLoopBackOff')] }, withInit),
    ready: '0/1',
    status: 'Init:CrashLoopBackOff',
  },
  {
    what: 'has one of two containers left',
    object: pod({
      phase: 'Running',
      containerStatuses: [running, ended(0, 'Completed')],
      conditions: [{ type: 'Ready', status: 'True' }],
    }),
    ready: '1/1',
    status: 'Running',
  },
  { what: 'was evicted', object: pod({ phase: 'Failed', reason: 'Evicted' }), ready: '0/1', status: 'Evicted' },
])('a pod that $what shows $ready $status', ({ object, ready, status }) => {
  expect(cellsOf(object)).toMatchObject({ Name: 'p', Ready: ready, Status: status, Restarts: '0', Age: '5m' })
})

test('a pod that restarted says how often and when', () => {
  const crashed = { terminated: { exitCode: 1, finishedAt: '2026-03-01T11:57:00Z' } }
  const statuses = [{ ...waiting('CrashLoopBackOff'), restartCount: 4, lastState: crashed }]
  const cells = cellsOf(pod({ phase: 'Running', containerStatuses: statuses, podIPs: [{ ip: '10.244.0.9' }] }))
  expect(cells).toMatchObject({ Status: 'CrashLoopBackOff', Restarts: '4 (3m ago)', IP: '10.244.0.9', Node: '<none>' })
})

test('the default storage class says so', () => {
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  const metadata = { name: 'standard', annotations }
  const cells = cellsOf({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata, provisioner: 'p' })
  expect(cells).toMatchObject({ Name: 'standard (default)', Provisioner: 'p', AllowVolumeExpansion: false })
})

test('a bound claim shows its volume', () => {
  const spec = { volumeName: 'pv-1', storageClassName: 'standard', volumeMode: 'Filesystem' }
  const status = { phase: 'Bound', capacity: { storage: '50Gi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'] }
  const cells = cellsOf({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec, status })
  expect(cells).toMatchObject({ Status: 'Bound', Volume: 'pv-1', Capacity: '50Gi', 'Access Modes': 'RWO,RWX' })
})

test('a load balancer shows its node ports and that it has no address yet', () => {
  const spec = {
    type: 'LoadBalancer',
    clusterIP: '10.96.0.20',
    ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }],
  }
  const cells = cellsOf({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec })
  expect(cells).toMatchObject({ 'Cluster-IP': '10.96.0.20', 'External-IP': '<pending>', 'Port(s)': '80:30080/TCP' })
})

test('an event shows when it last came and how often, a series too', () => {
  const involvedObject = { kind: 'Pod', name: 'p' }
  const times = { firstTimestamp: '2026-03-01T11:00:00Z', lastTimestamp: '2026-03-01T11:59:50Z', count: 7 }
  const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, involvedObject, message: 'm\n', ...times }
  expect(cellsOf(event)).toMatchObject({ 'Last Seen': '10s', Object: 'pod/p', Message: 'm', Count: 7 })
  const series = { ...event, series: { count: 9, lastObservedTime: '2026-03-01T11:59:00Z' } }
  expect(cellsOf(series)).toMatchObject({ 'Last Seen': '60s', Count: 9 })
})

test('a custom resource shows the columns of its definition, and nothing where the value is missing or of another type', () => {
  const printerColumns = [
    { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
    { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
    { name: 'Url', type: 'string', jsonPath: '.status.url' },
    { name: 'Wrong', type: 'integer', jsonPath: '.status.word' },
    { name: 'Names', type: 'string', jsonPath: '.spec.containers[*].name' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ]
  const custom: ApiObject = {
    apiVersion: 'example.com/v1',
    kind: 'Thing',
    metadata: { name: 't', creationTimestamp: '2026-02-27T12:00:00Z' },
    spec: { replicas: 3, containers: [{ name: 'a' }, { name: 'b' }] },
    status: {
      word: 'x',
      conditions: [
        { type: 'Other', status: 'False' },
        { type: 'Ready', status: 'True' },
      ],
    },
  }
  const { rows, columnDefinitions } = table({ apiVersion: 'example.com/v1', kind: 'Thing', printerColumns }, custom)
  expect(rows[0]?.cells).toEqual(['t', 'True', 3, null, null, 'a', '2d'])
  expect(columnDefinitions.map((column) => column.priority)).toEqual([0, 0, 1, 0, 0, 0, 0])
  expect(rows[0]?.object).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: custom.metadata,
  })
})

test.each([
  [-5, '<invalid>'],
  [-1, '0s'],
  [119, '119s'],
  [120, '2m'],
  [599, '9m59s'],
  [600, '10m'],
  [10_799, '179m'],
  [10_800, '3h'],
  [11_100, '3h5m'],
  [28_800, '8h'],
  [172_800, '2d'],
  [190_800, '2d5h'],
  [691_200, '8d'],
  [63_072_000, '2y'],
  [66_000_000, '2y33d'],
  [260_000_000, '8y'],
])('%i seconds read as %s', (seconds, written) => {
  expect(humanDuration(seconds)).toBe(written)
})

test.each([
  ['.a.b', 1],
  ['{.a.b}', 1],
  ["$['a']['b']", 1],
  [String.raw`.annotations.example\.com/x`, 'y'],
  ['.list[0].v', 10],
  ['.list[-1].v', 30],
  ['.list[?(@.on==true)].v', 20],
  ['.list[?(@.name=="c")].v', 30],
  ['.list[?(@.deep.er=="z")].v', 30],
  ['.missing.b', undefined],
  ['.list[?(@.v>5)].v', undefined],
  ['a b', undefined],
])('the JSONPath %s finds %s', (path, value) => {
  const list = [{ v: 10 }, { v: 20, on: true }, { v: 30, name: 'c', deep: { er: 'z' } }]
  expect(findFirst({ a: { b: 1 }, annotations: { 'example.com/x': 'y' }, list }, path)).toBe(value)
})
