import type { InferenceService } from '@nexus/kube'
import { watchNIMDeployments } from '@nexus/nim-serving'
import type { KubeClient } from '@nexus/kube'
import type { WatchResult } from './contract.ts'
import { toDashboardDeployment } from './deployment.ts'

const NOTHING_YET: WatchResult = [undefined, false, undefined]

/** What a component reads of a project's deployments, and how it hears of changes. */
export interface DeploymentsStore {
  readonly subscribe: (changed: () => void) => () => void
  /** The same object until something changes. */
  readonly read: () => WatchResult
}

/**
 * A project's deployments, watched while anybody listens. Where the watch fails the result is loaded all the same, with
 * the error: a dashboard that waits for `loaded` must not wait for ever.
 */
export function createDeploymentsStore(kube: KubeClient, project: string | undefined): DeploymentsStore {
  const listeners = new Set<() => void>()
  let result = NOTHING_YET
  let watching: AbortController | undefined
  const publish = (next: WatchResult): void => {
    result = next
    for (const changed of listeners) changed()
  }
  return {
    read: () => result,
    subscribe(changed) {
      listeners.add(changed)
      watching ??= follow(kube, project, publish)
      return () => {
        listeners.delete(changed)
        if (listeners.size > 0) return
        watching?.abort()
        watching = undefined
      }
    },
  }
}

function follow(
  kube: KubeClient,
  namespace: string | undefined,
  publish: (next: WatchResult) => void,
): AbortController {
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    try {
      for await (const deployments of watchNIMDeployments(kube, { namespace }, { signal: stop.signal })) {
        publish([deployments.map(toDashboardDeployment), true, undefined])
      }
    } catch (cause) {
      if (!stop.signal.aborted) publish([undefined, true, [asError(cause)]])
    }
  }
  void run()
  return stop
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** A result with those deployments only that carry these labels and pass this filter. */
export function narrowed(
  [deployments, loaded, errors]: WatchResult,
  labels: Readonly<Record<string, string>>,
  filter: (model: InferenceService) => boolean,
): WatchResult {
  const wanted = deployments?.filter(
    ({ model }) =>
      Object.entries(labels).every(([name, value]) => model.metadata.labels?.[name] === value) && filter(model),
  )
  return [wanted, loaded, errors]
}
