import { expect, test } from 'vitest'
import { oldServingRuntime } from '../../testing/old-style.ts'
import { migrationPatch } from './patch.ts'
import { referencePatch } from './references.ts'

const own = { deployment: 'llama', apiKey: 'nim-api-key-llama', pull: 'nim-image-pull-llama' }

test('a runtime without a readiness probe gets one that asks for the model, at its own port', () => {
  const old = oldServingRuntime('llama', 'demo')
  old.spec.containers.unshift({ name: 'proxy' })
  Object.assign(old.spec.containers[1] ?? {}, { ports: [{ containerPort: 9000 }] })
  expect(migrationPatch(old, own).slice(-2)).toEqual([
    { op: 'test', path: '/spec/containers/1/name', value: 'kserve-container' },
    {
      op: 'add',
      path: '/spec/containers/1/readinessProbe',
      value: {
        httpGet: { path: '/v1/health/ready', port: 9000 },
        periodSeconds: 10,
        timeoutSeconds: 5,
        failureThreshold: 3,
      },
    },
  ])
})

test('a probe that is there stays', () => {
  const old = oldServingRuntime('llama', 'demo')
  Object.assign(old.spec.containers[0] ?? {}, { readinessProbe: { tcpSocket: { port: 8000 } } })
  expect(migrationPatch(old, own)).toEqual(referencePatch(old, own))
})

test('a runtime whose references were moved by hand is not changed again', () => {
  const moved = oldServingRuntime('llama', 'demo')
  moved.spec.imagePullSecrets = [{ name: own.pull }]
  Object.assign(moved.spec.containers[0] ?? {}, {
    env: [{ name: 'NGC_API_KEY', valueFrom: { secretKeyRef: { name: own.apiKey, key: 'NGC_API_KEY' } } }],
  })
  expect(migrationPatch(moved, own)).toEqual([])
})
