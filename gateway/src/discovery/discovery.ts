import type { Logger } from 'pino'
import type { Discovery } from '../config/schema.ts'
import type { Deployment } from '../routing/snapshot.ts'
import { DeploymentDirectory, REFRESH_TIMES } from './directory.ts'
import { INFERENCE_SERVICES } from './inference-services.ts'
import { followList, LIST_WATCH_TIMES, type ListWatchTimes } from './list-watch.ts'
import { createModelLister } from './model-ids.ts'

/** A running discovery. */
export interface RunningDiscovery {
  /** What is known now. */
  deployments(): Deployment[]
  close(): Promise<void>
}

/** Starts to find deployments, if the configuration asks for it; `onChange` is called whenever there is news. */
export function startDiscovery(
  config: Discovery,
  { log, onChange, times = LIST_WATCH_TIMES }: { log: Logger; onChange: () => void; times?: ListWatchTimes },
): RunningDiscovery {
  if (config.kind === 'off') return { deployments: () => [], close: () => Promise.resolve() }
  const stopping = new AbortController()
  const lister = createModelLister()
  const directory = new DeploymentDirectory({ lister, times: REFRESH_TIMES, log, onChange })
  const { apiUrl: url, serviceAccountDir } = config
  const options = { url, serviceAccountDir, times, log, signal: stopping.signal }
  const following = followList(INFERENCE_SERVICES, directory, options)
  return {
    deployments: () => directory.list(),
    close: async () => {
      stopping.abort()
      directory.close()
      await following
      await lister.close()
    },
  }
}
