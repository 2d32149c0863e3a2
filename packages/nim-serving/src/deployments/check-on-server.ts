import { messageOf } from '@nexus/core'
import { isNotFound, KubeApiError, withDryRun } from '@nexus/kube'
import type { KubeClient, KubeObject } from '@nexus/kube'
import { isUnknownKind, kserveMissing } from '../api/missing-kind.ts'
import { DeployError } from '../errors.ts'
import { resourceName } from './plan.ts'
import type { Report } from './progress.ts'

/**
 * Lets the server judge every object before the first is written.
 * @throws DeployError `NEXUS_DEPLOY_REFUSED` with all refusals at once, or `NEXUS_DEPLOY_KSERVE_MISSING`; KubeApiError where
 * the server does not judge.
 */
export async function checkOnServer(
  kube: KubeClient,
  objects: readonly KubeObject[],
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  const rehearsal = withDryRun(kube)
  const answers = await Promise.allSettled(objects.map((object) => rehearse(rehearsal, object, signal)))
  const causes = answers.filter((answer) => answer.status === 'rejected').map(({ reason }): unknown => reason)
  if (causes.length > 0) throw refusal(causes)
  report({ type: 'checked', resources: objects.map(resourceName) })
}

async function rehearse(rehearsal: KubeClient, object: KubeObject, signal?: AbortSignal): Promise<void> {
  try {
    await rehearsal.create(object, { signal })
  } catch (cause) {
    if (!isRoleOfRehearsal(object, cause)) throw cause
  }
}

/** A RoleBinding may name a Role that is made a moment before it: in a rehearsal it is not there. */
export function isRoleOfRehearsal(object: KubeObject, refused: unknown): boolean {
  return object.kind === 'RoleBinding' && isNotFound(refused)
}

/** What the refusals of a rehearsal come to: one error with all of them, or the one that is no judgement of the objects. */
export function refusal(causes: readonly unknown[]): unknown {
  const answered = causes.filter((cause) => cause instanceof KubeApiError && cause.status >= 400 && cause.status < 500)
  // Something else than a refusal: no judgement of the objects, so it is passed on as it is.
  if (answered.length < causes.length) return causes.find((cause) => !answered.includes(cause))
  const missing = causes.find(isUnknownKind)
  if (missing !== undefined) return kserveMissing(missing)
  return new DeployError(
    'NEXUS_DEPLOY_REFUSED',
    `The cluster would refuse this:\n${causes.map(messageOf).join('\n')}`,
    {
      hint: 'Nothing was written. Correct the request, or ask the cluster admin about the policy.',
      cause: causes[0],
    },
  )
}
