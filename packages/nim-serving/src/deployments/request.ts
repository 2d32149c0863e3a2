import { PLATFORM_NAMESPACE } from '@nexus/catalog'
import {
  apiKeySecretName,
  DeploymentName,
  imagePullSecretName,
  ProjectName,
  pvcName,
  SecretText,
  suggestDeploymentName,
} from '@nexus/core'
import type { Quantity } from '@nexus/kube'
import { z } from 'zod'
import { DeployError } from '../errors.ts'
import { parseKey } from '../keys/parse.ts'
import type { DeployInput, ResourcesInput } from '../types.ts'
import {
  EnvVariables,
  GPU,
  Gpus,
  ObjectName,
  OpenText,
  Replicas,
  Resources,
  Storage,
  Strategy,
  TokenNames,
} from './request-fields.ts'

const DEFAULT_REQUESTS = { cpu: '1', memory: '4Gi' }
const DEFAULT_LIMITS = { cpu: '2', memory: '8Gi' }

/** What a person asks for. */
export const DeployRequest = z
  .strictObject({
    name: DeploymentName,
    /** The namespace. */
    project: ProjectName,
    /** A catalog entry; other fields of it are ignored. */
    model: z.object({
      name: z.string().regex(/^[a-z0-9][\w.-]*$/i, 'A model has a flat name, e.g. llama-3.1-8b-instruct.'),
      namespace: z.string().regex(/^[a-z0-9][\w./-]*$/, 'A model has the folder of its image, e.g. nim/meta.'),
    }),
    tag: z.string().regex(/^\w[\w.-]{0,127}$/, 'A tag has letters, digits, ".", "_" and "-".'),
    registry: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9._-]+)*$/i, 'A registry is a host, without a scheme.')
      .default('nvcr.io'),
    /** A personal key, as text or already parsed. */
    apiKey: z.union([z.string(), z.instanceof(SecretText)]),
    displayName: OpenText.optional(),
    description: OpenText.default(''),
    /** Both bounds at once. */
    replicas: Replicas.default(1),
    /** More than one bound makes KServe scale by load. Default `replicas`. */
    minReplicas: Replicas.optional(),
    maxReplicas: Replicas.optional(),
    /** GPUs of one replica. Default 1, or what the hardware profile says. */
    gpus: Gpus.optional(),
    /** CPU and memory of one replica; GPUs are set by `gpus`. Default a small one, or what the hardware profile says. */
    resources: Resources.optional(),
    /** The name of a hardware profile: sizes and placement. */
    hardwareProfile: ObjectName.optional(),
    storage: Storage.default({ mode: 'new' }),
    env: EnvVariables.default([]),
    args: z.array(OpenText).default([]),
    /** `Recreate` where no second copy fits beside the first during an update. */
    strategy: Strategy.default('RollingUpdate'),
    /** Makes it reachable from outside the cluster, where the cluster has a way in. */
    externalRoute: z.boolean().default(false),
    /** Asks callers for a bearer token, where the cluster's model controller enforces it. */
    auth: z.boolean().default(false),
    /** Names of the tokens to make; used with `auth`. */
    tokens: TokenNames.default(['default']),
    /** Creates the namespace where it is missing. */
    createNamespace: z.boolean().default(false),
    /** Does not ask NVIDIA about the key. */
    skipKeyCheck: z.boolean().default(false),
    /** Lets the server check everything and writes nothing. */
    dryRun: z.boolean().default(false),
    /** Where the template is. */
    platformNamespace: ProjectName.prefault(PLATFORM_NAMESPACE),
  })
  .refine(({ minReplicas, maxReplicas }) => (minReplicas ?? 1) <= (maxReplicas ?? 99), {
    path: ['minReplicas'],
    message: 'The least number of replicas is greater than the most.',
  })
export type DeployRequest = z.input<typeof DeployRequest>

/** Sizes that were asked for by name; the rest comes from a profile or from the defaults. */
export interface SizeRequest {
  readonly gpus: number | undefined
  readonly requests: Readonly<Record<string, string>> | undefined
  readonly limits: Readonly<Record<string, string>> | undefined
}

/** A request that can be acted on. */
export interface ParsedDeployRequest {
  /** Sized by the defaults; `withHardwareProfile` sizes it by the profile that `hardwareProfile` names. */
  readonly input: DeployInput
  readonly hardwareProfile: string | undefined
  readonly sizes: SizeRequest
  readonly key: SecretText
  readonly createNamespace: boolean
  readonly skipKeyCheck: boolean
  readonly dryRun: boolean
  readonly platformNamespace: string
}

/**
 * Checks a request and fills in its defaults.
 * @throws DeployError `NEXUS_DEPLOY_INPUT` with every problem at once, or what `parseKey` throws.
 */
export function parseDeployRequest(request: DeployRequest): ParsedDeployRequest {
  const parsed = DeployRequest.safeParse(request)
  if (!parsed.success) throw inputError(parsed.error, { name: request.name })
  const { apiKey, createNamespace, skipKeyCheck, dryRun, platformNamespace, hardwareProfile, ...fields } = parsed.data
  const sizes = { gpus: fields.gpus, requests: fields.resources?.requests, limits: fields.resources?.limits }
  return {
    input: inputOf(fields, sizes),
    hardwareProfile,
    sizes,
    key: parseKey(typeof apiKey === 'string' ? apiKey : apiKey.reveal()),
    createNamespace,
    skipKeyCheck,
    dryRun,
    platformNamespace,
  }
}

type ParsedFields = Omit<
  z.output<typeof DeployRequest>,
  'apiKey' | 'createNamespace' | 'skipKeyCheck' | 'dryRun' | 'platformNamespace' | 'hardwareProfile'
>

function inputOf(parsed: ParsedFields, sizes: SizeRequest): DeployInput {
  const { replicas, gpus: _, ...fields } = parsed
  const { name, storage } = fields
  return {
    ...fields,
    displayName: fields.displayName ?? name,
    ...replicaBounds(fields, replicas),
    resources: defaultResources(sizes),
    placement: { tolerations: [], nodeSelector: {} },
    storage: storage.mode === 'new' ? { ...storage, pvc: pvcName(name) } : storage,
    tokens: fields.auth ? fields.tokens : [],
    names: { runtime: name, apiKeySecret: apiKeySecretName(name), pullSecret: imagePullSecretName(name) },
  }
}

/** A bound that was not given follows the one that was. */
function replicaBounds(
  { minReplicas, maxReplicas }: { minReplicas?: number | undefined; maxReplicas?: number | undefined },
  replicas: number,
): { minReplicas: number; maxReplicas: number } {
  const min = minReplicas ?? Math.min(replicas, maxReplicas ?? replicas)
  return { minReplicas: min, maxReplicas: maxReplicas ?? Math.max(replicas, min) }
}

function defaultResources({
  gpus = 1,
  requests = DEFAULT_REQUESTS,
  limits = DEFAULT_LIMITS,
}: SizeRequest): ResourcesInput {
  return { requests: withGpus(requests, gpus), limits: withGpus(limits, gpus) }
}

/** Sizes with this many GPUs; none are named where there are none. */
export function withGpus(sizes: Readonly<Record<string, Quantity>>, gpus: number): Record<string, Quantity> {
  const { [GPU]: _, ...others } = sizes
  return gpus === 0 ? others : { ...others, [GPU]: String(gpus) }
}

/** Every problem of a request at once; a wrong name with the nearest that works. */
export function inputError({ issues }: z.ZodError, { name }: { name?: string } = {}): DeployError {
  const problems = issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
  const isNamed = name !== undefined && issues.some(({ path }) => path[0] === 'name')
  const suggested = isNamed ? suggestDeploymentName(name) : undefined
  return new DeployError('NEXUS_DEPLOY_INPUT', problems.join('\n'), {
    hint: suggested === undefined ? 'Correct the request and try again.' : `A name that works: ${suggested}`,
  })
}
