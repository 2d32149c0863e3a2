import { z } from 'zod'
import type { EnvVar, Quantity } from '@nexus/kube'
import type { DeployInput, ResourcesInput } from '../types.ts'
import {
  EnvVariables,
  GPU,
  Gpus,
  ObjectName,
  OpenText,
  Replicas,
  Resources,
  Strategy,
  SubPath,
  TokenNames,
  VolumeSize,
} from './request-fields.ts'
import { inputError, withGpus } from './request.ts'
import type { SizeRequest } from './request.ts'

/** What a person changes of a deployment; what is left out stays. The model itself cannot be changed, its tag can. */
export const EditRequest = z
  .strictObject({
    tag: z
      .string()
      .regex(/^\w[\w.-]{0,127}$/, 'A tag has letters, digits, ".", "_" and "-".')
      .optional(),
    registry: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9._-]+)*$/i, 'A registry is a host, without a scheme.')
      .optional(),
    displayName: OpenText.optional(),
    description: OpenText.optional(),
    /** Both bounds at once. */
    replicas: Replicas.optional(),
    minReplicas: Replicas.optional(),
    maxReplicas: Replicas.optional(),
    gpus: Gpus.optional(),
    /** Each size that is named; the others stay. */
    resources: Resources.optional(),
    /** A profile's name, or null to forget the one it was sized by; its sizes then stay, its placement goes. */
    hardwareProfile: ObjectName.nullable().optional(),
    storage: z
      .strictObject({
        /** Another PVC, which has to be there. */
        pvc: ObjectName.optional(),
        subPath: SubPath.optional(),
        /** A larger size. */
        size: VolumeSize.optional(),
      })
      .optional(),
    /** All variables, in place of those that are there: carry over what shall stay, sources included. */
    env: EnvVariables.optional(),
    /** Single variables, set after `env`; one that is there keeps its place. */
    setEnv: EnvVariables.optional(),
    /** Names of variables to take away, after `env`. */
    unsetEnv: z.array(z.string()).optional(),
    /** All arguments, in place of those that are there. */
    args: z.array(OpenText).optional(),
    strategy: Strategy.optional(),
    externalRoute: z.boolean().optional(),
    auth: z.boolean().optional(),
    /** All tokens, in place of those that are there: the others are deleted. Default `default` where there is none. */
    tokens: TokenNames.optional(),
  })
  .refine(({ minReplicas, maxReplicas }) => (minReplicas ?? 1) <= (maxReplicas ?? 99), {
    path: ['minReplicas'],
    message: 'The least number of replicas is greater than the most.',
  })
export type EditRequest = z.input<typeof EditRequest>
export type ParsedEditRequest = z.output<typeof EditRequest>

/** Checks an edit. @throws DeployError `NEXUS_DEPLOY_INPUT` with every problem at once. */
export function parseEditRequest(request: EditRequest): ParsedEditRequest {
  const parsed = EditRequest.safeParse(request)
  if (!parsed.success) throw inputError(parsed.error)
  return parsed.data
}

/** The inputs of a deployment after an edit; a profile that it names is applied by `sizeByProfile`. Pure. */
export function applyEdit(input: DeployInput, edit: ParsedEditRequest): DeployInput {
  const auth = edit.auth ?? (input.auth || edit.tokens !== undefined)
  return {
    ...input,
    tag: edit.tag ?? input.tag,
    registry: edit.registry ?? input.registry,
    displayName: edit.displayName ?? input.displayName,
    description: edit.description ?? input.description,
    ...editedReplicas(input, edit),
    resources: editedResources(input.resources, sizesOf(edit)),
    ...(edit.hardwareProfile === null
      ? { hardwareProfile: undefined, placement: { tolerations: [], nodeSelector: {} } }
      : {}),
    storage: editedStorage(input, edit),
    env: editedEnv(input, edit),
    args: edit.args ?? input.args,
    strategy: edit.strategy ?? input.strategy,
    externalRoute: edit.externalRoute ?? input.externalRoute,
    auth,
    tokens: auth ? editedTokens(input, edit) : [],
  }
}

/** The sizes that an edit names. */
export function sizesOf({ gpus, resources }: ParsedEditRequest): SizeRequest {
  return { gpus, requests: resources?.requests, limits: resources?.limits }
}

/** One bound that is moved past the other takes it along. */
function editedReplicas(
  input: DeployInput,
  { replicas, minReplicas, maxReplicas }: ParsedEditRequest,
): Pick<DeployInput, 'minReplicas' | 'maxReplicas'> {
  const min = minReplicas ?? Math.min(replicas ?? input.minReplicas, maxReplicas ?? Infinity)
  const max = maxReplicas ?? Math.max(replicas ?? input.maxReplicas, minReplicas ?? 0)
  return { minReplicas: min, maxReplicas: max }
}

function editedResources(resources: ResourcesInput, { gpus, requests, limits }: SizeRequest): ResourcesInput {
  const edited = (
    sizes: Readonly<Record<string, Quantity>>,
    named: SizeRequest['requests'],
  ): Record<string, Quantity> => {
    const all = { ...sizes, ...named }
    return gpus === undefined || Number(all[GPU] ?? 0) === gpus ? all : withGpus(all, gpus)
  }
  return { requests: edited(resources.requests, requests), limits: edited(resources.limits, limits) }
}

function editedEnv(input: DeployInput, { env: all, setEnv = [], unsetEnv = [] }: ParsedEditRequest): readonly EnvVar[] {
  const env: readonly EnvVar[] = all ?? input.env
  const set = new Map<string, EnvVar>(setEnv.map((variable) => [variable.name, variable]))
  const kept = env.filter(({ name }) => !unsetEnv.includes(name)).map((variable) => set.get(variable.name) ?? variable)
  const names = new Set(kept.map(({ name }) => name))
  return [...kept, ...setEnv.filter(({ name }) => !names.has(name))]
}

/** Who switches authentication on needs a token; a deployment that somebody else made without any keeps none. */
function editedTokens({ tokens }: DeployInput, edit: ParsedEditRequest): readonly string[] {
  return edit.tokens ?? (edit.auth === true && tokens.length === 0 ? ['default'] : tokens)
}

function editedStorage({ storage }: DeployInput, { storage: edit }: ParsedEditRequest): DeployInput['storage'] {
  const subPath = edit?.subPath === undefined ? storage.subPath : edit.subPath || undefined
  if (edit?.pvc === undefined || edit.pvc === storage.pvc) return { ...storage, subPath }
  return { mode: 'existing', pvc: edit.pvc, subPath }
}
