import * as fc from 'fast-check'
import type { DeployRequest } from '../deployments/request.ts'
import { testRequest } from './inputs.ts'

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
const quantity = fc.constantFrom('1', '500m', '2', '64', '4Gi', '0.5', '100M')
const sizes = fc.dictionary(fc.constantFrom('cpu', 'memory', 'ephemeral-storage'), quantity, { minKeys: 1 })
const source = fc.oneof(
  fc.record({ secretKeyRef: fc.record({ name: word, key: word }) }),
  fc.record({ configMapKeyRef: fc.record({ name: word, key: word }) }),
  fc.record({ fieldRef: fc.record({ fieldPath: fc.constant('metadata.name') }) }),
)
const variable = fc.oneof(
  fc.record({ name: fc.stringMatching(/^[A-Z_][A-Z0-9_]{1,8}$/), value: fc.string() }),
  fc.record({ name: fc.stringMatching(/^[A-Z_][A-Z0-9_]{1,8}$/), valueFrom: source }),
)
const subPath = fc.stringMatching(/^[a-z]{1,6}(\/[a-z]{1,6})?$/)
const storage = fc.oneof(
  fc.record(
    {
      mode: fc.constant('new' as const),
      size: fc.constantFrom('30Gi', '1Ti'),
      storageClass: word,
      subPath,
    },
    { requiredKeys: ['mode'] },
  ),
  fc.record(
    { mode: fc.constant('existing' as const), pvc: fc.stringMatching(/^[a-z]{1,6}(\.[a-z]{1,6})?$/), subPath },
    { requiredKeys: ['mode', 'pvc'] },
  ),
)

/** Requests of every shape that `parseDeployRequest` lets through. */
export const arbitraryRequest: fc.Arbitrary<DeployRequest> = fc
  .record(
    {
      name: fc.stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/),
      tag: fc.stringMatching(/^[0-9a-zA-Z_][0-9a-zA-Z_.-]{0,8}$/),
      registry: fc.constantFrom('nvcr.io', 'mirror.example:5000', 'mirror.example:5000/cache/of'),
      displayName: fc.string(),
      description: fc.string(),
      minReplicas: fc.integer({ min: 1, max: 3 }),
      maxReplicas: fc.integer({ min: 3, max: 99 }),
      gpus: fc.integer({ min: 0, max: 64 }),
      resources: fc.record({ requests: sizes, limits: sizes }, { requiredKeys: [] }),
      storage,
      env: fc.uniqueArray(variable, { selector: ({ name }) => name, maxLength: 4 }),
      args: fc.array(fc.string(), { maxLength: 4 }),
      strategy: fc.constantFrom('RollingUpdate', 'Recreate'),
      externalRoute: fc.boolean(),
      auth: fc.boolean(),
      tokens: fc.uniqueArray(word, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  )
  .map((changes) => testRequest(changes))
