import type { Container, EnvVar, JsonPatchOperation, PodSpec, ServingRuntime } from '@nexus/kube'
import { isReplacedPullSecret, KEY_VARIABLE } from './shared-secrets.ts'

/** The names of a deployment's own Secrets. */
export interface OwnSecrets {
  /** The deployment whose Secrets they are. */
  readonly deployment: string
  readonly apiKey: string
  readonly pull: string
}

/** A variable `NGC_API_KEY`, and where in the ServingRuntime it is. */
export interface KeyVariable {
  /** JSON pointer of the container. */
  readonly containerPath: string
  readonly container: string
  /** JSON pointer of the variable. */
  readonly path: string
  readonly variable: EnvVar
}

/** Every `NGC_API_KEY` of every container, found by name: sidecars and the order of variables differ between producers. */
export function keyVariablesOf({ spec }: ServingRuntime): KeyVariable[] {
  return [
    ...(spec.containers ?? []).flatMap(variablesIn('/spec/containers')),
    ...(spec.initContainers ?? []).flatMap(variablesIn('/spec/initContainers')),
  ]
}

function variablesIn(path: string): (container: Container, index: number) => KeyVariable[] {
  return ({ name, env }, index) => {
    const containerPath = `${path}/${index}`
    // The server keeps `env: null` as it was sent.
    return (env ?? []).flatMap((variable, at) =>
      variable.name === KEY_VARIABLE
        ? [{ containerPath, container: name, path: `${containerPath}/env/${at}`, variable }]
        : [],
    )
  }
}

/**
 * The patch that makes a ServingRuntime use its own Secrets; empty where it does. Pure. Every operation follows a `test` of
 * what it replaces, so that the server refuses it when somebody wrote in between. Other pull Secrets stay where they are.
 */
export function referencePatch(runtime: ServingRuntime, own: OwnSecrets): JsonPatchOperation[] {
  return [
    ...keyVariablesOf(runtime).flatMap((found) => variablePatch(found, own)),
    ...pullSecretPatch(runtime.spec.imagePullSecrets ?? undefined, own),
  ]
}

function variablePatch(
  { containerPath, container, path, variable }: KeyVariable,
  own: OwnSecrets,
): JsonPatchOperation[] {
  if (usesOwnKey(variable, own)) return []
  const wanted = { name: KEY_VARIABLE, valueFrom: { secretKeyRef: { name: own.apiKey, key: KEY_VARIABLE } } }
  return [
    { op: 'test', path: `${containerPath}/name`, value: container },
    // A literal key is not sent back for comparison: requests are logged.
    ...(variable.valueFrom === undefined
      ? [{ op: 'test' as const, path: `${path}/name`, value: KEY_VARIABLE }]
      : [{ op: 'test' as const, path, value: variable }]),
    { op: 'replace', path, value: wanted },
  ]
}

function usesOwnKey({ valueFrom }: EnvVar, own: OwnSecrets): boolean {
  return valueFrom?.secretKeyRef?.name === own.apiKey && valueFrom.secretKeyRef.key === KEY_VARIABLE
}

function pullSecretPatch(live: readonly { name: string }[] | undefined, own: OwnSecrets): JsonPatchOperation[] {
  const path = '/spec/imagePullSecrets'
  const wanted = ownPullSecrets(live ?? [], own)
  if (live === undefined) return [{ op: 'add', path, value: wanted }]
  if (JSON.stringify(live) === JSON.stringify(wanted)) return []
  return [
    { op: 'test', path, value: live },
    { op: 'replace', path, value: wanted },
  ]
}

/** The own Secret takes the place of the shared one, or the first place: the kubelet tries them in order. */
function ownPullSecrets(live: readonly { name: string }[], own: OwnSecrets): { name: string }[] {
  const isMoved = (name: string): boolean => name === own.pull || isReplacedPullSecret(name, own.deployment)
  const at = live.findIndex(({ name }) => isMoved(name))
  const others = live.filter(({ name }) => !isMoved(name))
  return others.toSpliced(Math.max(at, 0), 0, { name: own.pull })
}

/** Whether pods of this template use the deployment's own Secrets. `keySetElsewhere`: the InferenceService has a key of its own. */
export function podsUseOwnSecrets(
  spec: PodSpec,
  own: OwnSecrets,
  { keySetElsewhere = false }: { keySetElsewhere?: boolean } = {},
): boolean {
  const variables = spec.containers.flatMap(({ env }) => (env ?? []).filter(({ name }) => name === KEY_VARIABLE))
  const pulls = (spec.imagePullSecrets ?? []).map(({ name }) => name)
  return pulls.includes(own.pull) && (keySetElsewhere || variables.every((variable) => usesOwnKey(variable, own)))
}
