import type { SecretText } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import { servingContainer } from '../../api/ServingRuntime.ts'
import { keyCheckError } from '../../keys/check.ts'
import { parseKey } from '../../keys/parse.ts'
import type { DeploymentRef } from '../../types.ts'
import { getOrUndefined } from '../existing.ts'
import { notFound } from '../list.ts'
import { planRollout } from '../rollout.ts'
import type { RolloutPlan, RolloutStrategy } from '../rollout.ts'
import { fetchRolloutFacts } from '../rollout-facts.ts'
import { openRotation, planRotation, rehearseRotation } from './begin.ts'
import type { RotateDeps, RotateOptions, RotationRef } from './deps.ts'
import { RotateError } from './errors.ts'
import { finishRotation, rotationRef, waysOn } from './finish.ts'
import { isSameVersion, withKey } from './key-version.ts'
import { markOf } from './restart.ts'
import { parseRotation, planAnnotation, ROTATION_KEY, wantedMark } from './rotation.ts'
import type { KeyVersion, Rotation } from './rotation.ts'
import { chooseStrategy, strategyNow } from './strategy.ts'
import { fetchRotationTarget, findRotation } from './target.ts'
import type { RotationTarget } from './target.ts'

export type RotateResult =
  /** The deployment has this key already; nothing was written. */
  | { readonly outcome: 'unchanged' }
  /** A dry run: what the replacement of the pods would be. */
  | { readonly outcome: 'planned'; readonly rollout: RolloutPlan; readonly strategy: RolloutStrategy }
  /** `restarted` is false where no pod had to be replaced. */
  | {
      readonly outcome: 'rotated' | 'undone'
      readonly id: string
      readonly deployment: string
      readonly restarted: boolean
    }

/**
 * Gives a deployment another key: check it with NVIDIA → see whether a second copy of the pods fits → let the server judge
 * every write → keep both keys in the rotation's own Secret → write the deployment's two Secrets → replace the pods → wait
 * until they are ready → send a request → remove the old key.
 *
 * Until the last step the old key is in the cluster. A rotation that was cut off goes on when it is called again with the
 * same key, or by `resumeNIMKeyRotation`; `undoNIMKeyRotation` puts the old key back.
 * @throws RotateError; DeployError about the key or the name; KubeApiError where the cluster cannot be reached before
 * anything was written.
 */
export async function rotateNIMKey(
  ref: DeploymentRef,
  key: SecretText | string,
  deps: RotateDeps,
  options: RotateOptions = {},
): Promise<RotateResult> {
  const { kube, signal, report = () => {}, rotationId = `rot-${crypto.randomUUID().slice(0, 8)}` } = deps
  const parsed = parseKey(typeof key === 'string' ? key : key.reveal())
  await requireValidKey(parsed, deps, options)
  const target = await fetchRotationTarget(kube, ref, { signal })
  const next = nextKeys(target, parsed, deps)
  if (target.open !== undefined) return continueIfSame(target.open, next, deps, options)
  if (isSameVersion(target.keys.apiKey, next.apiKey) && isSameVersion(target.keys.pull, next.pull)) {
    return { outcome: 'unchanged' }
  }
  if (target.sharers.length > 0) report({ type: 'also-used-by', deployments: target.sharers })
  const rollout = planRollout(await fetchRolloutFacts(kube, ref, { signal }))
  report({ type: 'rollout-planned', plan: rollout })
  const strategy = chooseStrategy(ref.name, rollout, options.strategy)
  const rotation = planRotation(ref, target, { next, strategy, id: rotationId })
  await rehearseRotation(kube, rotation, target.isvc, { signal })
  if (options.dryRun === true) return { outcome: 'planned', rollout, strategy }
  const opened = await openRotation(kube, rotation, target.isvc, { signal })
  report({ type: 'opened', id: opened.id })
  return resultOf(opened, await finishRotation(opened, deps))
}

/**
 * Goes on with a rotation, or with its undoing, where it stopped. Safe at any point, as often as one likes.
 * @throws RotateError `NEXUS_ROTATE_NOT_FOUND` where none of this id is open, or as `rotateNIMKey`; KubeApiError.
 */
export async function resumeNIMKeyRotation(
  where: RotationRef,
  deps: RotateDeps,
  options: Pick<RotateOptions, 'strategy'> = {},
): Promise<RotateResult> {
  return continueRotation(await requireRotation(where, deps), deps, options)
}

/**
 * Puts the old key back and replaces the pods that have the new one; pods that still run with the old key stay.
 * @throws as `resumeNIMKeyRotation`.
 */
export async function undoNIMKeyRotation(
  where: RotationRef,
  deps: RotateDeps,
  options: Pick<RotateOptions, 'strategy'> = {},
): Promise<RotateResult> {
  return continueRotation({ ...(await requireRotation(where, deps)), goal: 'undo' }, deps, options)
}

async function requireValidKey(
  key: SecretText,
  { checkKey, signal, report = () => {} }: RotateDeps,
  { skipKeyCheck }: RotateOptions,
): Promise<void> {
  if (skipKeyCheck === true) return report({ type: 'key-check-skipped' })
  const error = keyCheckError(await checkKey(key, signal))
  if (error !== undefined) throw error
  report({ type: 'key-checked' })
}

function nextKeys({ runtime, keys }: RotationTarget, key: SecretText, { keySetBy }: RotateDeps): KeyVersion {
  const registryHost = servingContainer(runtime)?.image?.split('/')[0] ?? 'nvcr.io'
  return withKey(keys, { key, setBy: keySetBy, registryHost })
}

/** The same key again means: go on. Another key has to wait until the open rotation has ended. */
async function continueIfSame(
  open: Rotation,
  asked: KeyVersion,
  deps: RotateDeps,
  { strategy, dryRun }: RotateOptions,
): Promise<RotateResult> {
  const isSame = open.goal === 'rotate' && isSameVersion(open.next.apiKey, asked.apiKey)
  if (isSame && dryRun !== true) return continueRotation(open, deps, { strategy })
  const what = open.goal === 'undo' ? 'is being undone' : isSame ? 'to this key is open' : 'to another key is open'
  throw new RotateError('NEXUS_ROTATE_ALREADY_OPEN', `Rotation ${open.id} of ${open.deployment} ${what}.`, {
    hint: waysOn(open),
  })
}

async function requireRotation(where: RotationRef, { kube, signal }: RotateDeps): Promise<Rotation> {
  const rotation = await findRotation(kube, where, { signal })
  if (rotation !== undefined) return rotation
  throw new RotateError('NEXUS_ROTATE_NOT_FOUND', `No rotation ${where.id} is open in ${where.project}.`, {
    hint: `See which are open: kubectl get secrets -n ${where.project} -l ${ROTATION_KEY} -L ${ROTATION_KEY}`,
  })
}

async function continueRotation(
  rotation: Rotation,
  deps: RotateDeps,
  { strategy: asked }: Pick<RotateOptions, 'strategy'>,
): Promise<RotateResult> {
  const { kube, signal, report = () => {} } = deps
  const { deployment: name, project } = rotation
  const isvc = await getOrUndefined(kube, { kind: Kinds.InferenceService, name, namespace: project }, { signal })
  // Its Secrets go with it, this rotation's among them.
  if (isvc === undefined) throw await notFound(kube, { name, project }, { signal })
  const restarts = markOf(isvc) !== wantedMark(rotation)
  const strategy = restarts ? await strategyNow(rotation, deps, asked) : rotation.strategy
  const amended = { ...rotation, strategy }
  await writeDown(amended, deps)
  report({ type: 'continued', id: rotation.id, goal: rotation.goal })
  return resultOf(amended, await finishRotation(amended, deps))
}

/** A changed mind is written down before anybody acts on it, so that whoever resumes goes the same way. */
async function writeDown(rotation: Rotation, { kube, signal }: RotateDeps): Promise<void> {
  const ref = rotationRef(rotation)
  const written = parseRotation(await kube.get(ref, { signal }))
  if (written?.goal === rotation.goal && written.strategy === rotation.strategy) return
  const body = { metadata: { uid: rotation.uid, annotations: planAnnotation(rotation) } }
  await kube.patch(ref, { type: 'merge', body }, { signal })
}

function resultOf({ id, goal, deployment }: Rotation, restarted: boolean): RotateResult {
  return { outcome: goal === 'rotate' ? 'rotated' : 'undone', id, deployment, restarted }
}
