import { apiKeySecretName, DeploymentName, imagePullSecretName, predictorName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { Event, Pod } from '@nexus/kube'
import { eventsAbout, getNIMDeployment } from '@nexus/nim-serving'
import type { NIMDeployment } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { deploymentData } from '../deployment-data.ts'
import { renderAge } from '../output/age.ts'
import { renderFields } from '../output/fields.ts'
import { print } from '../output/print.ts'
import { renderTable } from '../output/table.ts'
import type { OutputFlags } from '../program.ts'
import type { Shell } from '../shell.ts'

/** `nexus describe NAME`. */
export async function describe(name: string, flags: ClusterFlags & OutputFlags, shell: Shell): Promise<void> {
  await withCluster(flags, shell, async ({ kube, namespace }) => {
    const options = { signal: shell.signal }
    const deployment = await getNIMDeployment(kube, { name, project: namespace }, options)
    if (flags.output !== undefined) {
      const data = deploymentData(deployment)
      return print(shell, flags.output, { rows: [deployment], columns: [], name: () => name, data, empty: '' })
    }
    const events = await kube.list({ kind: Kinds.Event, namespace }, options)
    const now = new Date()
    shell.out(renderDeployment(deployment, now))
    shell.out(renderPods(deployment.pods, now))
    shell.out(renderEvents(eventsAbout(events.items, name), now))
  })
}

function renderDeployment(deployment: NIMDeployment, now: Date): string {
  const { state } = deployment
  return renderFields([
    ['Name', deployment.name],
    ['Project', deployment.project],
    ['Display name', deployment.displayName],
    ['Model', deployment.model],
    ['Image', deployment.image],
    ['Replicas', String(deployment.replicas)],
    ['GPUs', `${deployment.gpus} for each replica`],
    ['Age', renderAge(deployment.createdAt, now)],
    ['State', state.phase],
    ['Reason', state.reason],
    ['Next', state.hint],
    ['Address', 'url' in state ? state.url : undefined],
    ['Gateway', `ask it as ${deployment.project}/${deployment.name}`],
    ['Objects', objectNames(deployment).join(', ')],
  ])
}

function objectNames({ name, runtime, pvcName, pvc }: NIMDeployment): string[] {
  const parsed = DeploymentName.safeParse(name).data
  return [
    `InferenceService ${name}`,
    ...(runtime === undefined ? [] : [`ServingRuntime ${runtime.metadata.name}`]),
    ...(pvcName === undefined ? [] : [`PersistentVolumeClaim ${pvcName} (${pvc?.status?.phase ?? 'missing'})`]),
    ...(parsed === undefined ? [] : [`Secret ${apiKeySecretName(parsed)}`, `Secret ${imagePullSecretName(parsed)}`]),
    `Deployment ${predictorName(name)}`,
  ]
}

function renderPods(pods: readonly Pod[], now: Date): string {
  if (pods.length === 0) return '\nPods: none\n'
  const table = renderTable(
    [
      { heading: 'POD', cell: (pod: Pod) => pod.metadata.name },
      { heading: 'PHASE', cell: (pod) => pod.status?.phase ?? 'Unknown' },
      { heading: 'READY', cell: readyOf },
      { heading: 'RESTARTS', cell: (pod) => String(pod.status?.containerStatuses?.[0]?.restartCount ?? 0) },
      { heading: 'NODE', cell: (pod) => pod.spec.nodeName ?? '' },
      { heading: 'AGE', cell: (pod) => renderAge(pod.metadata.creationTimestamp, now) },
    ],
    pods,
  )
  return `\n${table}`
}

function readyOf({ status, spec }: Pod): string {
  const ready = (status?.containerStatuses ?? []).filter((container) => container.ready)
  return `${ready.length}/${spec.containers.length}`
}

/** The events that a person reads from the bottom: oldest first. */
function renderEvents(events: readonly Event[], now: Date): string {
  if (events.length === 0) return '\nEvents: none\n'
  const timeOf = (event: Event): string =>
    event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? ''
  const table = renderTable(
    [
      { heading: 'SEEN', cell: (event: Event) => renderAge(timeOf(event), now) },
      { heading: 'TYPE', cell: (event) => event.type ?? 'Normal' },
      { heading: 'REASON', cell: (event) => event.reason ?? '' },
      { heading: 'OBJECT', cell: ({ involvedObject: about }) => `${about.kind ?? ''}/${about.name ?? ''}` },
      { heading: 'MESSAGE', cell: (event) => event.message ?? '' },
    ],
    events.toSorted((a, b) => timeOf(a).localeCompare(timeOf(b))),
  )
  return `\n${table}`
}
