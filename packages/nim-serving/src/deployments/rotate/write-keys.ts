import { apiKeySecretName, DeploymentName, imagePullSecretName } from '@nexus/core'
import { isConflict, Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient, ObjectRef, Secret, WriteOptions } from '@nexus/kube'
import { KEY_HINT_ANNOTATION, KEY_SET_BY_ANNOTATION } from '../../api/metadata.ts'
import { RotateError } from './errors.ts'
import { isSameVersion, versionOf } from './key-version.ts'
import type { RotationReport } from './progress.ts'
import { wantedKeys } from './rotation.ts'
import type { Rotation, SecretVersion } from './rotation.ts'

/** How often a write is tried again when somebody else wrote in between. */
const MAX_CONFLICTS = 20
const PAUSE_MS = 50

/** One Secret of a rotation: what it may hold before, and what it is to hold. */
interface Step {
  readonly ref: ObjectRef<Secret>
  readonly known: readonly SecretVersion[]
  readonly wanted: SecretVersion
}

/**
 * Brings both Secrets to what the rotation wants; one that holds it already is not written.
 * @throws RotateError `NEXUS_ROTATE_SECRET_CHANGED` where a Secret holds neither the old key nor the new one; KubeApiError.
 */
export async function writeKeys(
  kube: KubeClient,
  rotation: Rotation,
  { report, ...options }: WriteOptions & { report: RotationReport },
): Promise<void> {
  for (const step of stepsOf(rotation)) {
    const written = await writeSecret(kube, step, options)
    const { kind, name, namespace } = step.ref
    if (written) report({ type: 'written', resource: { kind: kind.kind, name, namespace } })
  }
}

function stepsOf(rotation: Rotation): Step[] {
  const { deployment, project: namespace, previous, next } = rotation
  const name = DeploymentName.parse(deployment)
  const wanted = wantedKeys(rotation)
  const ref = (of: string): ObjectRef<Secret> => ({ kind: Kinds.Secret, name: of, namespace })
  return [
    { ref: ref(apiKeySecretName(name)), known: [previous.apiKey, next.apiKey], wanted: wanted.apiKey },
    { ref: ref(imagePullSecretName(name)), known: [previous.pull, next.pull], wanted: wanted.pull },
  ]
}

async function writeSecret(kube: KubeClient, step: Step, options: WriteOptions): Promise<boolean> {
  for (let conflicts = 0; ; conflicts++) {
    const secret = await kube.get(step.ref, callOptions(options))
    const held = versionOf(secret)
    if (isSameVersion(held, step.wanted)) return false
    if (!step.known.some((known) => isSameVersion(held, known))) throw secretChanged(step.ref)
    try {
      await kube.patch(step.ref, { type: 'merge', body: bodyOf(secret, step.wanted) }, options)
      return true
    } catch (cause) {
      if (!isConflict(cause) || conflicts >= MAX_CONFLICTS) throw cause
    }
    await pause(conflicts, options.signal)
  }
}

/** The version that was looked at, so that a key which somebody else writes meanwhile is not overwritten. */
function bodyOf({ metadata, data = {} }: Secret, wanted: SecretVersion): object {
  const { uid, resourceVersion } = metadata
  const gone = Object.keys(data).filter((name) => !(name in wanted.data))
  return {
    metadata: {
      uid,
      resourceVersion,
      annotations: { [KEY_HINT_ANNOTATION]: wanted.keyHint ?? null, [KEY_SET_BY_ANNOTATION]: wanted.setBy ?? null },
    },
    data: { ...wanted.data, ...Object.fromEntries(gone.map((name) => [name, null])) },
  }
}

function secretChanged({ name, namespace }: ObjectRef): RotateError {
  return new RotateError(
    'NEXUS_ROTATE_SECRET_CHANGED',
    `Somebody else has written another key into Secret ${name} since this rotation began.`,
    { hint: `Look who did: kubectl get secret ${name} -n ${namespace ?? ''} -o jsonpath='{.metadata.annotations}'` },
  )
}

function callOptions({ signal }: WriteOptions): CallOptions {
  return { signal }
}

async function pause(conflicts: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  const ms = Math.min(PAUSE_MS * 2 ** conflicts, 1000)
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms)
  })
}
