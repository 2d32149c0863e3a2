import { Kinds, ownerReferenceTo } from '@nexus/kube'
import type { DeploymentStrategy, InferenceService, Secret } from '@nexus/kube'
import { z } from 'zod'
import { KEY_HINT_ANNOTATION, MANAGED_LABEL } from '../../api/metadata.ts'
import { ROLLOUT_STRATEGIES } from '../rollout.ts'

/** The label of an open rotation's Secret, and the annotation of the pods it has replaced; the value is its id. */
export const ROTATION_KEY = 'nexus.dev/key-rotation'
const PLAN_ANNOTATION = 'nexus.dev/key-rotation-plan'

/** What one of the two Secrets of a deployment holds, before or after. */
const SecretVersion = z.strictObject({
  /** Base64, as in the Secret. */
  data: z.record(z.string(), z.string()),
  keyHint: z.string().optional(),
  setBy: z.string().optional(),
})
export type SecretVersion = z.infer<typeof SecretVersion>

/** Both Secrets of a deployment, before or after. */
const KeyVersion = z.strictObject({ apiKey: SecretVersion, pull: SecretVersion })
export type KeyVersion = z.infer<typeof KeyVersion>

const RotationPlan = z.strictObject({
  /** `undo` puts the old key back. */
  goal: z.enum(['rotate', 'undo']),
  strategy: z.enum(ROLLOUT_STRATEGIES),
  /** The id that the pods' annotation named before; null: none. */
  markBefore: z.string().nullable(),
  /** The InferenceService's strategy before; null: none. */
  strategyBefore: z
    .strictObject({
      type: z.enum(['RollingUpdate', 'Recreate']).optional(),
      rollingUpdate: z
        .strictObject({
          maxSurge: z.union([z.number(), z.string()]).optional(),
          maxUnavailable: z.union([z.number(), z.string()]).optional(),
        })
        .optional(),
    })
    .nullable(),
})
type RotationPlan = z.infer<typeof RotationPlan>

/**
 * A rotation that has begun and not ended. It lives in one Secret, `nim-key-rotation-<deployment>`, which holds both keys:
 * while it exists neither is lost, a second rotation cannot begin, and whoever finds it can go on or go back.
 */
export interface Rotation extends RotationPlan {
  readonly id: string
  readonly deployment: string
  readonly project: string
  readonly previous: KeyVersion
  readonly next: KeyVersion
  /** Of its Secret, once that has been written. */
  readonly uid?: string | undefined
}

export function rotationSecretName(deployment: string): string {
  return `nim-key-rotation-${deployment}`
}

/** The Secret of a rotation. It goes when the InferenceService goes. */
export function assembleRotationSecret(rotation: Rotation, owner: InferenceService): Secret {
  const { id, deployment, project, previous, next } = rotation
  return {
    apiVersion: 'v1',
    kind: Kinds.Secret.kind,
    metadata: {
      name: rotationSecretName(deployment),
      namespace: project,
      labels: { [MANAGED_LABEL]: 'true', [ROTATION_KEY]: id },
      annotations: {
        [PLAN_ANNOTATION]: planText(rotation),
        ...(next.apiKey.keyHint === undefined ? {} : { [KEY_HINT_ANNOTATION]: next.apiKey.keyHint }),
      },
      ownerReferences: [ownerReferenceTo(owner)],
    },
    type: 'Opaque',
    data: { previous: btoa(JSON.stringify(previous)), next: btoa(JSON.stringify(next)) },
  }
}

/** The annotation with which a rotation changes its mind. */
export function planAnnotation(rotation: Rotation): Record<string, string> {
  return { [PLAN_ANNOTATION]: planText(rotation) }
}

function planText({ goal, strategy, markBefore, strategyBefore }: Rotation): string {
  return JSON.stringify({ goal, strategy, markBefore, strategyBefore } satisfies RotationPlan)
}

/** The rotation that a Secret holds, or undefined where it holds none. */
export function parseRotation({ metadata, data = {} }: Secret): Rotation | undefined {
  const { namespace = '', labels = {}, annotations = {}, uid } = metadata
  const id = labels[ROTATION_KEY]
  const plan = parseJson(RotationPlan, annotations[PLAN_ANNOTATION] ?? '')
  const previous = parseJson(KeyVersion, decode(data['previous']))
  const next = parseJson(KeyVersion, decode(data['next']))
  if (id === undefined || plan === undefined || previous === undefined || next === undefined) return undefined
  const deployment = metadata.name.slice(rotationSecretName('').length)
  return { ...plan, id, deployment, project: namespace, previous, next, uid }
}

function decode(base64 = ''): string {
  try {
    return atob(base64)
  } catch {
    return ''
  }
}

function parseJson<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** What the Secrets are to hold in the end. */
export function wantedKeys({ goal, previous, next }: Rotation): KeyVersion {
  return goal === 'rotate' ? next : previous
}

/** The id that the pods' annotation is to name in the end; null: no annotation. */
export function wantedMark({ goal, id, markBefore }: Rotation): string | null {
  return goal === 'rotate' ? id : markBefore
}

/** The strategy that the InferenceService has while the pods are replaced; undefined: its own. */
export function strategyDuring({ strategy }: Pick<Rotation, 'strategy'>): DeploymentStrategy | undefined {
  switch (strategy) {
    case 'rolling':
      return undefined
    case 'recreate':
      return { type: 'Recreate' }
    case 'max-surge-0':
      return { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }
    default:
      return strategy satisfies never
  }
}
