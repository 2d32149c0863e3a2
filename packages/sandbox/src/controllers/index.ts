import { messageOf } from '@nexus/core'
import { Kinds, withFieldManager } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { runAutoscaler } from './autoscaler.ts'
import { runDeploymentController } from './deployment.ts'
import { runDisruptionBudgets } from './disruption-budget.ts'
import { runEndpointSliceController } from './endpointslice.ts'
import { runGarbageCollector } from './garbage-collector/controller.ts'
import { runJobController } from './job/controller.ts'
import { runKServeController } from './kserve/controller.ts'
import { runNamespaceController } from './namespace.ts'
import { runReplicaSetController } from './replicaset.ts'
import type { ControllerContext } from './runtime/controller.ts'
import { createEventRecorder } from './runtime/events.ts'
import { createSharedInformers } from './runtime/informers.ts'
import { runScheduler } from './scheduler/controller.ts'
import { runServiceAccountController } from './service-account.ts'
import { runStatefulSetController } from './stateful-set/controller.ts'
import { runVolumeBinder } from './volumes/binder.ts'
import { runVolumeProvisioner } from './volumes/provisioner.ts'

/** The controllers of a cluster. Beside a real control plane only `kserve` and `pv-provisioner` have work to do. */
export const CONTROLLER_NAMES = [
  'kserve',
  'deployment',
  'replicaset',
  'job',
  'stateful-set',
  'disruption-budget',
  'autoscaler',
  'endpointslice',
  'garbage-collector',
  'namespace',
  'scheduler',
  'pv-binder',
  'pv-provisioner',
  'service-account',
] as const

export type ControllerName = (typeof CONTROLLER_NAMES)[number]

export interface ControllersOptions {
  readonly kube: KubeClient
  /** Default: all. */
  readonly only?: readonly ControllerName[]
  /** Where `pv-provisioner` keeps the folders of its volumes. */
  readonly volumesDir: string
  /** One line of what went wrong, or of what cannot be watched. */
  readonly log: (line: string) => void
  /** Default: the system's clock. */
  readonly now?: () => Date
}

export interface Controllers {
  /** Stops all controllers; what they have begun to write is finished first. */
  close(): Promise<void>
}

/**
 * Starts controllers as ordinary clients of an API server: the sandbox's, or a real one. They hold no state of their own
 * and can be killed at any moment; those of custom resources wait until these are served. Resolves when the API server has
 * answered, and rejects when it refuses to be watched.
 *
 * `const controllers = await startControllers({ kube, volumesDir, log: console.error }); await controllers.close()`
 */
export async function startControllers(options: ControllersOptions): Promise<Controllers> {
  const { kube, log, only = CONTROLLER_NAMES, now = () => new Date(), volumesDir } = options
  const stopped = new AbortController()
  const { signal } = stopped
  const events = createEventRecorder({ kube, log, now })
  const informers = createSharedInformers({ kube, signal, log })
  try {
    await informers.of(Kinds.CustomResourceDefinition).synced
  } catch (thrown) {
    // Nobody gets a handle to close: what was begun ends here.
    stopped.abort()
    throw thrown
  }
  const context = { kube, informers, events, log, now, signal }
  const running = only.map(async (name) => {
    try {
      await run(name, { ...context, kube: withFieldManager(kube, managerOf(name)) }, volumesDir)
    } catch (thrown) {
      if (!signal.aborted) log(`controller ${name} has ended: ${messageOf(thrown)}`)
    }
  })

  async function close(): Promise<void> {
    stopped.abort()
    await Promise.all(running)
    await events.settled()
  }

  return { close }
}

/**
 * Under which name a controller's writes are recorded: that of the program which does its work in a real cluster. What is
 * not listed is part of kube-controller-manager.
 */
const MANAGERS: Readonly<Partial<Record<ControllerName, string>>> = {
  kserve: 'manager',
  scheduler: 'kube-scheduler',
  'pv-provisioner': 'pv-provisioner',
}

function managerOf(name: ControllerName): string {
  return MANAGERS[name] ?? 'kube-controller-manager'
}

function run(name: ControllerName, context: ControllerContext, volumesDir: string): Promise<void> {
  switch (name) {
    case 'kserve':
      return runKServeController(context)
    case 'deployment':
      return runDeploymentController(context)
    case 'replicaset':
      return runReplicaSetController(context)
    case 'job':
      return runJobController(context)
    case 'stateful-set':
      return runStatefulSetController(context)
    case 'disruption-budget':
      return runDisruptionBudgets(context)
    case 'autoscaler':
      return runAutoscaler(context)
    case 'endpointslice':
      return runEndpointSliceController(context)
    case 'garbage-collector':
      return runGarbageCollector(context)
    case 'namespace':
      return runNamespaceController(context)
    case 'scheduler':
      return runScheduler(context)
    case 'pv-binder':
      return runVolumeBinder(context)
    case 'pv-provisioner':
      return runVolumeProvisioner(context, volumesDir)
    case 'service-account':
      return runServiceAccountController(context)
    default:
      return name satisfies never
  }
}
