import { messageOf, predictorName } from '@nexus/core'
import { isConflict, isNotFound, Kinds } from '@nexus/kube'
import type { Deployment, InferenceService, ObjectRef, Secret } from '@nexus/kube'
import { isStopped } from '../../api/InferenceService.ts'
import { getOrUndefined } from '../existing.ts'
import type { RotateDeps } from './deps.ts'
import { RotateError } from './errors.ts'
import { hasStrategyDuring, markOf, restartPods, restoreStrategy } from './restart.ts'
import { ROTATION_KEY, rotationSecretName, wantedMark } from './rotation.ts'
import type { Rotation } from './rotation.ts'
import { waitForRollout } from './wait-for-rollout.ts'
import { writeKeys } from './write-keys.ts'

const HOUR_MS = 3_600_000

/**
 * Brings an open rotation to its end, and says whether pods were replaced. Each step looks first whether it is done, so that
 * this can be called after any crash.
 * @throws RotateError; the rotation then stays open.
 */
export async function finishRotation(rotation: Rotation, deps: RotateDeps): Promise<boolean> {
  const { kube, report = () => {}, signal } = deps
  try {
    await writeKeys(kube, rotation, { report, signal })
    const restarted = await replacePods(rotation, deps)
    await closeRotation(rotation, deps)
    report({ type: 'closed', id: rotation.id })
    return restarted
  } catch (cause) {
    throw stillOpen(cause, rotation, signal)
  }
}

async function replacePods(rotation: Rotation, deps: RotateDeps): Promise<boolean> {
  const { kube, report = () => {}, signal, timeoutMs = HOUR_MS } = deps
  const { deployment: name, project } = rotation
  const isvc = await kube.get(serviceRef(rotation), { signal })
  const ref = { kind: Kinds.Deployment, name: predictorName(name), namespace: project }
  const deployment = await getOrUndefined(kube, ref, { signal })
  if (isStopped(isvc) || deployment === undefined || deployment.spec.replicas === 0) {
    report({ type: 'not-running' })
    return false
  }
  if (rotation.goal === 'undo' && !hasReached(isvc, deployment, rotation)) return false
  if (await restartPods(kube, isvc, rotation, { signal })) report({ type: 'restarting' })
  const onWait = (reason: string): void => report({ type: 'waiting', reason })
  await waitForRollout(kube, { name, project }, { mark: wantedMark(rotation), timeoutMs, signal, onWait })
  report({ type: 'rolled-out' })
  await verifyAnswer(rotation, deps)
  return true
}

/** Whether the new key has got as far as the pods; before, there is nothing to take back from them. */
function hasReached(isvc: InferenceService, { spec }: Deployment, rotation: Rotation): boolean {
  const { annotations } = spec.template.metadata ?? {}
  return (
    markOf(isvc) === rotation.id || annotations?.[ROTATION_KEY] === rotation.id || hasStrategyDuring(isvc, rotation)
  )
}

async function verifyAnswer(
  { deployment: name, project }: Rotation,
  { verify, report, signal }: RotateDeps,
): Promise<void> {
  if (verify === undefined) return
  try {
    await verify({ name, project }, signal)
  } catch (cause) {
    signal?.throwIfAborted()
    throw new RotateError('NEXUS_ROTATE_NOT_VERIFIED', `${name} does not answer: ${messageOf(cause)}`, { cause })
  }
  report?.({ type: 'verified' })
}

/** Removes the key that is not wanted any more: last of all, and only this rotation's Secret, not a later one. */
async function closeRotation(rotation: Rotation, { kube, signal }: RotateDeps): Promise<void> {
  await restoreStrategy(kube, await kube.get(serviceRef(rotation), { signal }), rotation, { signal })
  const preconditions = rotation.uid === undefined ? {} : { preconditions: { uid: rotation.uid } }
  try {
    await kube.delete(rotationRef(rotation), { signal, ...preconditions })
  } catch (cause) {
    if (!isNotFound(cause) && !isConflict(cause)) throw cause
  }
}

/** The Secret of a rotation. */
export function rotationRef({ deployment, project: namespace }: Rotation): ObjectRef<Secret> {
  return { kind: Kinds.Secret, name: rotationSecretName(deployment), namespace }
}

function serviceRef({ deployment: name, project: namespace }: Rotation): ObjectRef<InferenceService> {
  return { kind: Kinds.InferenceService, name, namespace }
}

/** The same failure, with the ways to go on. */
function stillOpen(cause: unknown, rotation: Rotation, signal: AbortSignal | undefined): RotateError {
  const ways = waysOn(rotation)
  if (cause instanceof RotateError) {
    const hint = cause.hint === undefined ? ways : `${cause.hint}\n${ways}`
    return new RotateError(cause.code, cause.message, { hint, cause: cause.cause })
  }
  return signal?.aborted === true
    ? new RotateError('NEXUS_ROTATE_ABORTED', `Stopped in the middle: rotation ${rotation.id} is open.`, {
        hint: ways,
        cause,
      })
    : new RotateError('NEXUS_ROTATE_FAILED', `The rotation stopped: ${messageOf(cause)}`, { hint: ways, cause })
}

/** The two commands that end an open rotation. */
export function waysOn({ id, project, goal }: Rotation): string {
  const on = `nexus rotate-key --resume ${id} -n ${project}`
  return goal === 'undo'
    ? `Put the old key back to the end: ${on}`
    : `Go on: ${on}\nPut the old key back: nexus rotate-key --undo ${id} -n ${project}`
}
