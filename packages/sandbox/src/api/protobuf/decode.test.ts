import { expect, test } from 'vitest'
import { fieldAt } from '../objects/fields.ts'
import { StatusError } from '../status.ts'
import { decodeObject } from './decode.ts'

/** A message on the wire: `[field number, number | text | message][]`. */
type Wire = readonly (readonly [number, number | string | Wire])[]

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))]
}

function encode(fields: Wire): Buffer {
  const parts = fields.flatMap(([number, value]) => {
    if (typeof value === 'number') return [Buffer.from([...varint(number * 8), ...varint(value)])]
    const bytes = typeof value === 'string' ? Buffer.from(value) : encode(value)
    return [Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]
  })
  return Buffer.concat(parts)
}

/** An object as client-go sends it: the magic, and the object inside an envelope that names its kind. */
function envelope(apiVersion: string, kind: string, object: Wire): Buffer {
  const typeMeta: Wire = [
    [1, apiVersion],
    [2, kind],
  ]
  return Buffer.concat([
    Buffer.from('k8s\0'),
    encode([[1, typeMeta]]),
    Buffer.from([0x12, ...varint(encode(object).length)]),
    encode(object),
  ])
}

test('reads the bytes that kubectl 1.32 sends for a ConfigMap', () => {
  const recorded =
    '6b3873000a0f0a0276311209436f6e6669674d6170121b0a110a01781200' +
    '1a0022002a0032003800420012060a016112016' +
    '21a002200'
  expect(decodeObject(Buffer.from(recorded, 'hex'))).toEqual({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'x' },
    data: { a: 'b' },
  })
})

test('reads how helm deletes, and the Job of kubectl create job', () => {
  const options = envelope('v1', 'DeleteOptions', [[4, 'Background']])
  expect(decodeObject(options)).toEqual({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' })
  const container: Wire = [
    [1, 'hello'],
    [2, 'busybox:1.36'],
    [3, 'sh'],
  ]
  const template: Wire = [
    [
      2,
      [
        [2, container],
        [3, 'Never'],
      ],
    ],
  ]
  const job = envelope('batch/v1', 'Job', [
    [2, [[6, template]]],
    [3, [[4, 0]]],
  ])
  const spec = { containers: [{ name: 'hello', image: 'busybox:1.36', command: ['sh'] }], restartPolicy: 'Never' }
  expect(decodeObject(job)).toEqual({ kind: 'Job', apiVersion: 'batch/v1', spec: { template: { spec } } })
})

test('keeps a zero that was meant, and drops empty fields that mean nothing', () => {
  const spec: Wire = [
    [1, 0],
    [5, 0],
    [7, 0],
  ]
  const deployment = envelope('apps/v1', 'Deployment', [[2, spec]])
  expect(decodeObject(deployment)).toEqual({ kind: 'Deployment', apiVersion: 'apps/v1', spec: { replicas: 0 } })
})

test('reads numbers, names and quantities where either may stand', () => {
  const port = (type: number, number: number, text: string): Wire => [
    [3, 80],
    [
      4,
      [
        [1, type],
        [2, number],
        [3, text],
      ],
    ],
  ]
  const spec: Wire = [
    [1, port(0, 8000, '')],
    [1, port(1, 0, 'http')],
  ]
  expect(decodeObject(envelope('v1', 'Service', [[2, spec]]))).toMatchObject({
    spec: {
      ports: [
        { port: 80, targetPort: 8000 },
        { port: 80, targetPort: 'http' },
      ],
    },
  })
})

test('a part of a message that JSON does not name lands in its parent', () => {
  const backend: Wire = [[4, [[1, 'web']]]]
  const http: Wire = [
    [
      1,
      [
        [
          1,
          [
            [1, '/'],
            [2, backend],
          ],
        ],
      ],
    ],
  ]
  const rule: Wire = [
    [1, 'a.example.com'],
    [2, http],
  ]
  expect(decodeObject(envelope('networking.k8s.io/v1', 'Ingress', [[2, [[3, rule]]]]))).toMatchObject({
    spec: {
      rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', backend: { service: { name: 'web' } } }] } }],
    },
  })
})

test('an empty entry of a list is an entry', () => {
  const rule: Wire = [
    [1, 'get'],
    [2, ''],
  ]
  const role = envelope('rbac.authorization.k8s.io/v1', 'Role', [[2, rule]])
  expect(decodeObject(role)).toMatchObject({ rules: [{ verbs: ['get'], apiGroups: [''] }] })
})

test.each([
  ['another kind', envelope('v1', 'Pod', [])],
  ['a field it does not know', envelope('v1', 'ConfigMap', [[99, 'x']])],
  ['bytes that are no message', Buffer.from('k8s\0\x0a\xff\xff', 'latin1')],
  ['no magic', Buffer.from('{}')],
  ['nothing', Buffer.alloc(0)],
])('refuses %s instead of dropping it', (_what, body) => {
  expect(() => decodeObject(body)).toThrow(StatusError)
})

test('a map may have very many entries, and any key', () => {
  const keys = [...Array.from({ length: 100_000 }, (_, index) => `k${index}`), '__proto__']
  const entries = keys.map((key): Wire[number] => {
    const entry: Wire = [
      [1, key],
      [2, 'v'],
    ]
    return [2, entry]
  })
  const decoded = decodeObject(envelope('v1', 'ConfigMap', entries))
  expect(Object.keys(fieldAt(decoded, 'data') ?? {})).toEqual(keys)
})
