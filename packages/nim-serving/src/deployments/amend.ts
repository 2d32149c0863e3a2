import { imageOf } from '@nexus/catalog'
import { parseQuantity } from '@nexus/kube'
import type { InferenceService, Quantity, ServingRuntime } from '@nexus/kube'
import { servingContainer } from '../api/ServingRuntime.ts'
import type { DeployInput } from '../types.ts'
import { configureNIMServingRuntime } from '../utils/templates.ts'
import {
  withArgs,
  withAuth,
  withDescription,
  withDisplayName,
  withEnv,
  withExternalRoute,
  withHardwareProfile,
  withPlacement,
  withReplicas,
  withResources,
  withStrategy,
} from './inference-service-fields.ts'

/** One input of an InferenceService: where it stands in the form data, and how it is written. */
interface Field {
  readonly of: (input: DeployInput) => unknown
  readonly write: (isvc: InferenceService, input: DeployInput) => InferenceService
}

const FIELDS: readonly Field[] = [
  { of: ({ displayName }) => displayName, write: withDisplayName },
  { of: ({ description }) => description, write: withDescription },
  { of: ({ auth }) => auth, write: withAuth },
  { of: ({ externalRoute }) => externalRoute, write: withExternalRoute },
  { of: ({ minReplicas, maxReplicas }) => [minReplicas, maxReplicas], write: withReplicas },
  { of: ({ strategy }) => strategy, write: withStrategy },
  { of: ({ hardwareProfile: of }) => [of?.namespace, of?.name, of?.resourceVersion], write: withHardwareProfile },
  { of: ({ resources }) => [amounts(resources.requests), amounts(resources.limits)], write: withResources },
  { of: ({ placement }) => placement, write: withPlacement },
  { of: ({ args }) => args, write: withArgs },
  { of: ({ env }) => env, write: withEnv },
]

/**
 * A live InferenceService with other inputs: only the fields of inputs that differ are written, so that what its producer
 * wrote differently, and what others added, stays. `was` is what `extractFormData` read from it. Pure.
 */
export function amendNIMInferenceService(
  live: InferenceService,
  was: DeployInput,
  wanted: DeployInput,
): InferenceService {
  const changed = FIELDS.filter(({ of }) => !isSame(of(was), of(wanted)))
  if (changed.length === 0) return live
  // Whoever changes anything also says in words whether a token is asked for: silence means on to some, off to others.
  return [...changed, { write: withAuth }].reduce((isvc, { write }) => write(isvc, wanted), live)
}

/** A live ServingRuntime with another image or other storage, the rest as it is; see `amendNIMInferenceService`. Pure. */
export function amendNIMServingRuntime(live: ServingRuntime, was: DeployInput, wanted: DeployInput): ServingRuntime {
  const withImage = isSame(imageParts(was), imageParts(wanted)) ? live : withOtherImage(live, wanted)
  const { pvc: claimName, subPath } = wanted.storage
  const isStored = was.storage.pvc === claimName && (was.storage.subPath ?? '') === (subPath ?? '')
  return isStored ? withImage : configureNIMServingRuntime(withImage, { claimName, subPath })
}

function imageParts({ model, tag, registry }: DeployInput): unknown {
  return [model.namespace, model.name, tag, registry]
}

function withOtherImage(runtime: ServingRuntime, { model, tag, registry }: DeployInput): ServingRuntime {
  const server = servingContainer(runtime)?.name
  const { containers, supportedModelFormats = [] } = runtime.spec
  return {
    ...runtime,
    spec: {
      ...runtime.spec,
      containers: containers.map((container) =>
        container.name === server ? { ...container, image: imageOf(model, tag, registry) } : container,
      ),
      supportedModelFormats: supportedModelFormats.map((format) =>
        format.version === undefined ? format : { ...format, version: tag },
      ),
    },
  }
}

/** Quantities as exact amounts: `1` and `"1000m"` are the same. */
function amounts(sizes: Readonly<Record<string, Quantity>>): string[] {
  return Object.entries(sizes)
    .map(([name, size]) => `${name} ${parseQuantity(size).nanos}`)
    .sort()
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
