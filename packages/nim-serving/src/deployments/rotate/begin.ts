import { messageOf } from '@nexus/core'
import { isAlreadyExists, KubeApiError, withDryRun } from '@nexus/kube'
import type { CallOptions, InferenceService, KubeClient } from '@nexus/kube'
import type { DeploymentRef } from '../../types.ts'
import type { RolloutStrategy } from '../rollout.ts'
import { RotateError } from './errors.ts'
import { markOf, restartPods } from './restart.ts'
import { assembleRotationSecret, ROTATION_KEY, rotationSecretName } from './rotation.ts'
import type { KeyVersion, Rotation } from './rotation.ts'
import type { RotationTarget } from './target.ts'
import { writeKeys } from './write-keys.ts'

/** A rotation from the keys of `target` to `next`, before it is written down. Pure. */
export function planRotation(
  { name, project }: DeploymentRef,
  { isvc, keys }: RotationTarget,
  { next, strategy, id }: { next: KeyVersion; strategy: RolloutStrategy; id: string },
): Rotation {
  return {
    id,
    deployment: name,
    project,
    goal: 'rotate',
    strategy,
    markBefore: markOf(isvc),
    strategyBefore: isvc.spec.predictor.deploymentStrategy ?? null,
    previous: keys,
    next,
  }
}

/**
 * Lets the server judge every write before the first.
 * @throws RotateError `NEXUS_ROTATE_REFUSED` or `NEXUS_ROTATE_ALREADY_OPEN`; KubeApiError where the server does not judge.
 */
export async function rehearseRotation(
  kube: KubeClient,
  rotation: Rotation,
  isvc: InferenceService,
  { signal }: CallOptions,
): Promise<void> {
  const rehearsal = withDryRun(kube)
  try {
    await rehearsal.create(assembleRotationSecret(rotation, isvc), { signal })
    await writeKeys(rehearsal, rotation, { signal, report: () => {} })
    await restartPods(rehearsal, isvc, rotation, { signal })
  } catch (cause) {
    if (isAlreadyExists(cause)) throw alreadyOpen(rotation, cause)
    if (!(cause instanceof KubeApiError) || cause.status < 400 || cause.status >= 500) throw cause
    throw new RotateError('NEXUS_ROTATE_REFUSED', `The cluster would refuse this: ${messageOf(cause)}`, {
      hint: 'Nothing was written. Ask the cluster admin about the right or the policy.',
      cause,
    })
  }
}

/**
 * Creates the rotation's Secret, which begins it: of two who try at once, one succeeds.
 * @throws RotateError `NEXUS_ROTATE_ALREADY_OPEN` or `NEXUS_ROTATE_FAILED`.
 */
export async function openRotation(
  kube: KubeClient,
  rotation: Rotation,
  isvc: InferenceService,
  { signal }: CallOptions,
): Promise<Rotation> {
  try {
    const { metadata } = await kube.create(assembleRotationSecret(rotation, isvc), { signal })
    return { ...rotation, uid: metadata.uid }
  } catch (cause) {
    if (isAlreadyExists(cause)) throw alreadyOpen(rotation, cause)
    // Whether it was created is not known; the same key again goes on in either case.
    throw new RotateError('NEXUS_ROTATE_FAILED', `The rotation could not begin: ${messageOf(cause)}`, {
      hint: 'No key was changed. Run the command again with the same key.',
      cause,
    })
  }
}

function alreadyOpen({ deployment, project }: Rotation, cause: unknown): RotateError {
  return new RotateError('NEXUS_ROTATE_ALREADY_OPEN', `A rotation of ${deployment} is open already.`, {
    hint: `Its id: kubectl get secret ${rotationSecretName(deployment)} -n ${project} -L ${ROTATION_KEY}`,
    cause,
  })
}
