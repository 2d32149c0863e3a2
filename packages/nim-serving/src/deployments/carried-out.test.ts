import type { Deployment } from '@nexus/kube'
import { expect, test } from 'vitest'
import { testInput } from '../testing/inputs.ts'
import { isCarriedOut } from './carried-out.ts'

const INPUT = testInput({ args: ['--verbose'], env: [{ name: 'A', value: '1' }] })

interface Changes {
  readonly image?: string
  readonly args?: string[]
  readonly env?: { name: string; value: string }[]
  readonly status?: Deployment['status']
}

/** The predictor's Deployment as KServe makes it of the inputs, or of others. */
function deployment({ image, args, env, status }: Changes = {}): Deployment {
  const container = {
    name: 'kserve-container',
    image: image ?? 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4',
    args: args ?? ['--of-the-runtime', '--verbose'],
    env: env ?? [
      { name: 'NIM_CACHE_PATH', value: '/mnt/models/cache' },
      { name: 'A', value: '1' },
    ],
  }
  const labels = { app: 'llama' }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'llama-predictor', generation: 2 },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
    status: status ?? { observedGeneration: 2, updatedReplicas: 1 },
  }
}

test('inputs are carried out when a pod is made of them, whatever the runtime and the server add', () => {
  expect(isCarriedOut(deployment(), INPUT)).toBe(true)
})

test.each<{ what: string; changes: Changes }>([
  { what: 'another image', changes: { image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.3' } },
  { what: 'other arguments', changes: { args: ['--quiet'] } },
  { what: 'another value of a variable', changes: { env: [{ name: 'A', value: '2' }] } },
  { what: 'no pod of them yet', changes: { status: { observedGeneration: 2, updatedReplicas: 0 } } },
  { what: 'a status before them', changes: { status: { observedGeneration: 1, updatedReplicas: 1 } } },
])('inputs are not carried out where there is $what', ({ changes }) => {
  expect(isCarriedOut(deployment(changes), INPUT)).toBe(false)
})
