import { compareQuantities } from '@nexus/kube'
import { z } from 'zod'

// The fields that deploy and edit requests share.

/** The device plugin's name of an NVIDIA GPU. */
export const GPU = 'nvidia.com/gpu'

const KEY_SHAPE = /nvapi-[\w-]{6}/
/** A Kubernetes quantity, as text. */
export const Quantity = z.string().regex(/^\d+(\.\d+)?([numkMGTPE]|[KMGTPE]i)?$/, {
  abort: true,
  error: ({ input }) => `"${String(input)}" is no quantity: it is a number and a unit, such as "50Gi".`,
})
/** A bare number is a number of bytes, which nobody means. */
export const VolumeSize = Quantity.refine((size) => compareQuantities(size, '1Mi') >= 0, {
  error: ({ input }) =>
    `"${String(input)}" is too small for a volume: without a unit it is bytes. "50Gi" is 50 gibibytes.`,
})
/** Text that everybody may read. */
export const OpenText = z.string().refine((text) => !KEY_SHAPE.test(text), {
  message: 'This looks like an NVIDIA key, and everybody who may read the deployment would see it.',
})

/** What the assembly sets itself. */
const RESERVED_ENV = new Set(['NGC_API_KEY', 'NIM_CACHE_PATH'])

const EnvName = z
  .string()
  .regex(/^[A-Za-z_][\w.-]*$/, 'A variable has letters, digits, "_", "-" and ".", and starts with no digit.')
  .refine((name) => !RESERVED_ENV.has(name), { message: 'NGC_API_KEY and NIM_CACHE_PATH are set by the deployment.' })

const KeyRef = z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().exactOptional() })

/** Where Kubernetes takes a variable's value from, as `EnvVarSource` has it. */
const EnvSource = z.strictObject({
  secretKeyRef: KeyRef.exactOptional(),
  configMapKeyRef: KeyRef.exactOptional(),
  fieldRef: z.strictObject({ fieldPath: z.string(), apiVersion: z.string().exactOptional() }).exactOptional(),
  resourceFieldRef: z
    .strictObject({
      resource: z.string(),
      containerName: z.string().exactOptional(),
      divisor: z.union([z.string(), z.number()]).exactOptional(),
    })
    .exactOptional(),
})

/** A list of variables, none of them twice. */
export const EnvVariables = z
  .array(
    z
      .strictObject({ name: EnvName, value: OpenText.exactOptional(), valueFrom: EnvSource.exactOptional() })
      .refine(({ value, valueFrom }) => value === undefined || valueFrom === undefined, {
        message: 'A variable has a value or a source, not both.',
      }),
  )
  .refine((env) => new Set(env.map(({ name }) => name)).size === env.length, { message: 'A variable is set twice.' })

/** A folder of a PVC. */
export const SubPath = z
  .string()
  // Kubernetes wants a relative path; people write the leading slash all the same.
  .transform((path) => path.replace(/^\/+/, '').replace(/\/+$/, ''))
  .refine((path) => !path.split('/').includes('..'), { message: 'A folder of a PVC has no "..".' })

/** A DNS subdomain (RFC 1123), which names of PVCs and storage classes are. */
export const ObjectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
    error: ({ input }) =>
      `"${String(input)}" is no name of an object: it has lower-case letters, digits, "-" and ".", and starts and ends with a letter or a digit.`,
  })

/** A PVC to make, or one that is there. */
export const Storage = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('new'),
    size: VolumeSize.optional(),
    storageClass: ObjectName.optional(),
    subPath: SubPath.optional(),
  }),
  z.strictObject({ mode: z.literal('existing'), pvc: ObjectName, subPath: SubPath.optional() }),
])

/** Copies of the model server. */
export const Replicas = z
  .int()
  .min(1, 'A deployment has at least 1 replica.')
  .max(99, 'A deployment has at most 99 replicas.')

/** GPUs of one replica. */
export const Gpus = z.int().min(0, 'A replica has 0 GPUs or more.').max(64, 'A replica has at most 64 GPUs.')

/** CPU and memory of one replica. */
export const Resources = z.strictObject({
  requests: z.record(z.string(), Quantity).optional(),
  limits: z.record(z.string(), Quantity).optional(),
})

/** How one version replaces another. */
export const Strategy = z.enum(['RollingUpdate', 'Recreate'])

/** A text as an object's name may be written: `My App` becomes `my-app`. */
export function asObjectName(text: string): string {
  const cleaned = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return cleaned === '' ? 'token' : cleaned
}

/** Names of tokens, as people read them; each becomes an object. */
export const TokenNames = z
  .array(OpenText.min(1, 'A token needs a name.').max(63))
  .max(20)
  .refine((names) => new Set(names.map(asObjectName)).size === names.length, {
    message: 'Two tokens would be the same object: their names differ too little.',
  })
