import { PLATFORM_NAMESPACE } from '@nexus/catalog'
import { DeploymentName, ProjectName, SecretText, suggestDeploymentName } from '@nexus/core'
import { z } from 'zod'
import { DeployError } from '../errors.ts'
import { parseKey } from '../keys/parse.ts'
import type { DeployInput } from '../types.ts'

const KEY_SHAPE = /nvapi-[\w-]{6}/
const Quantity = z.string().regex(/^\d+(\.\d+)?([numkMGTPE]|[KMGTPE]i)?$/, {
  error: ({ input }) => `"${String(input)}" is no quantity: it is a number and a unit, such as "50Gi".`,
})
const OpenText = z.string().refine((text) => !KEY_SHAPE.test(text), {
  message: 'This looks like an NVIDIA key, and everybody who may read the deployment would see it.',
})

/** What the assembly sets itself. */
const RESERVED_ENV = new Set(['NGC_API_KEY', 'NIM_CACHE_PATH'])

const EnvVariable = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z_][\w.-]*$/, 'A variable has letters, digits, "_", "-" and ".", and starts with no digit.')
    .refine((name) => !RESERVED_ENV.has(name), {
      message: 'NGC_API_KEY and NIM_CACHE_PATH are set by the deployment.',
    }),
  value: OpenText,
})

const SubPath = z
  .string()
  // Kubernetes wants a relative path; people write the leading slash all the same.
  .transform((path) => path.replace(/^\/+/, '').replace(/\/+$/, ''))
  .refine((path) => !path.split('/').includes('..'), { message: 'A folder of a PVC has no "..".' })

/** A DNS subdomain (RFC 1123), which names of PVCs and storage classes are. */
const ObjectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
    error: ({ input }) =>
      `"${String(input)}" is no name of an object: it has lower-case letters, digits, "-" and ".", and starts and ends with a letter or a digit.`,
  })

const Storage = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('new'), size: Quantity.optional(), storageClass: ObjectName.optional() }),
  z.strictObject({ mode: z.literal('existing'), pvc: ObjectName, subPath: SubPath.optional() }),
])

/** What a person asks for. */
export const DeployRequest = z.strictObject({
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
  replicas: z
    .int()
    .min(1, 'A deployment has at least 1 replica.')
    .max(99, 'A deployment has at most 99 replicas.')
    .default(1),
  /** GPUs of one replica. */
  gpus: z.int().min(0, 'A replica has 0 GPUs or more.').max(64, 'A replica has at most 64 GPUs.').default(1),
  /** CPU and memory of one replica; GPUs are set by `gpus`. */
  resources: z
    .strictObject({
      requests: z.record(z.string(), Quantity).default({ cpu: '1', memory: '4Gi' }),
      limits: z.record(z.string(), Quantity).default({ cpu: '2', memory: '8Gi' }),
    })
    .prefault({}),
  storage: Storage.default({ mode: 'new' }),
  env: z
    .array(EnvVariable)
    .default([])
    .refine((env) => new Set(env.map(({ name }) => name)).size === env.length, { message: 'A variable is set twice.' }),
  args: z.array(OpenText).default([]),
  /** `Recreate` where no second copy fits beside the first during an update. */
  strategy: z.enum(['RollingUpdate', 'Recreate']).default('RollingUpdate'),
  /** Creates the namespace where it is missing. */
  createNamespace: z.boolean().default(false),
  /** Does not ask NVIDIA about the key. */
  skipKeyCheck: z.boolean().default(false),
  /** Lets the server check everything and writes nothing. */
  dryRun: z.boolean().default(false),
  /** Where the template is. */
  platformNamespace: ProjectName.prefault(PLATFORM_NAMESPACE),
})
export type DeployRequest = z.input<typeof DeployRequest>

/** A request that can be acted on. */
export interface ParsedDeployRequest {
  readonly input: DeployInput
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
  if (!parsed.success) throw inputError(request, parsed.error)
  const { apiKey, createNamespace, skipKeyCheck, dryRun, platformNamespace, ...fields } = parsed.data
  return {
    input: { ...fields, displayName: fields.displayName ?? fields.name },
    key: parseKey(typeof apiKey === 'string' ? apiKey : apiKey.reveal()),
    createNamespace,
    skipKeyCheck,
    dryRun,
    platformNamespace,
  }
}

function inputError(request: DeployRequest, { issues }: z.ZodError): DeployError {
  const problems = issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
  const suggested = issues.some(({ path }) => path[0] === 'name') ? suggestDeploymentName(request.name) : undefined
  return new DeployError('NEXUS_DEPLOY_INPUT', problems.join('\n'), {
    hint: suggested === undefined ? 'Correct the request and try again.' : `A name that works: ${suggested}`,
  })
}
