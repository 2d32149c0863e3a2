import type { InferenceService, PredictorSpec, ServingRuntime } from '@nexus/kube'
import { expect, test } from 'vitest'
import { chooseRuntime } from './serving-runtime.ts'

function runtime(name: string, spec: Partial<ServingRuntime['spec']> = {}): ServingRuntime {
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: { name, namespace: 'demo' },
    spec: { containers: [], supportedModelFormats: [{ name: 'llama', version: '1' }], ...spec },
  }
}

function isvc(model?: PredictorSpec['model']): InferenceService {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: 'llm', namespace: 'demo' },
    spec: { predictor: { ...(model && { model }) } },
  }
}

function chosen(model: PredictorSpec['model'], ...runtimes: ServingRuntime[]): string {
  const choice = chooseRuntime(isvc(model), runtimes)
  return 'runtime' in choice ? choice.runtime.metadata.name : choice.failure.info.reason
}

const llama = { modelFormat: { name: 'llama' } }
const auto = [{ name: 'llama', autoSelect: true }]

test.each([
  ['the one it names', { ...llama, runtime: 'b' }, [runtime('a'), runtime('b')], 'b'],
  ['none that is missing', { ...llama, runtime: 'c' }, [runtime('a')], 'RuntimeNotRecognized'],
  ['none that is disabled', { ...llama, runtime: 'a' }, [runtime('a', { disabled: true })], 'RuntimeDisabled'],
  ['none for another model', { modelFormat: { name: 'phi' }, runtime: 'a' }, [runtime('a')], 'NoSupportingRuntime'],
  [
    'none for another version',
    { modelFormat: { name: 'llama', version: '2' }, runtime: 'a' },
    [runtime('a')],
    'NoSupportingRuntime',
  ],
  ['none that does not select itself', llama, [runtime('a')], 'NoSupportingRuntime'],
  ['the one that selects itself', llama, [runtime('a'), runtime('b', { supportedModelFormats: auto })], 'b'],
  [
    'the one with the higher priority',
    llama,
    [1, 2].map((priority) =>
      runtime(`p${priority}`, { supportedModelFormats: [{ name: 'llama', autoSelect: true, priority }] }),
    ),
    'p2',
  ],
  ['nothing without a model', undefined, [runtime('a')], 'InvalidPredictorSpec'],
])('an InferenceService gets %s', (_name, model, runtimes, expected) => {
  expect(chosen(model, ...runtimes)).toBe(expected)
})
