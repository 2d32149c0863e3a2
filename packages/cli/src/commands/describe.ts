import { predictorName } from '@nexus/core'
import type { Event, Pod } from '@nexus/kube'
import { describeNIMDeployment } from '@nexus/nim-serving'
import type { KeyDetails, NIMDeployment, NIMDeploymentDetails, VolumeDetails } from '@nexus/nim-serving'
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
    const details = await describeNIMDeployment(kube, { name, project: namespace }, { signal: shell.signal })
    if (flags.output !== undefined) {
      const data = detailsData(details)
      return print(shell, flags.output, { rows: [details], columns: [], name: () => name, data, empty: '' })
    }
    const now = new Date()
    shell.out(renderDetails(details, now))
    shell.out(renderPods(details.deployment.pods, now))
    shell.out(renderEvents(details.events, now))
  })
}

/** As `-o json` and `-o yaml` show it: the deployment as in a list, and what only a look at all its objects tells. */
function detailsData({ deployment, events, ...details }: NIMDeploymentDetails): object {
  const said = events.map(({ type, reason, message, involvedObject }) => ({
    type,
    reason,
    message,
    object: `${involvedObject.kind ?? ''}/${involvedObject.name ?? ''}`,
  }))
  return { ...deploymentData(deployment), ...details, events: said }
}

function renderDetails(details: NIMDeploymentDetails, now: Date): string {
  const { deployment, hardwareProfile } = details
  const { state, endpoints } = deployment
  return renderFields([
    ['Name', deployment.name],
    ['Project', deployment.project],
    ['Display name', deployment.displayName],
    ['Model', deployment.model],
    ['Image', deployment.image],
    ['Replicas', renderReplicas(deployment)],
    ['GPUs', `${deployment.gpus} for each replica`],
    ['Hardware profile', hardwareProfile && `${hardwareProfile.name} (${hardwareProfile.namespace})`],
    ['Age', renderAge(deployment.createdAt, now)],
    ['State', state.phase],
    ['Reason', state.reason],
    ['Next', state.hint],
    ['Address', endpoints.internal],
    ['Outside', endpoints.external],
    ['Token', details.auth ? 'asked for' : 'not asked for'],
    ['Gateway', `ask it as ${deployment.project}/${deployment.name}`],
    ['Key', renderKey(details.key)],
    ['Volume', renderVolume(details.volume)],
    ['Objects', objectNames(details).join(', ')],
  ])
}

function renderReplicas({ replicas, maxReplicas }: NIMDeployment): string {
  return replicas === maxReplicas ? String(replicas) : `${replicas} to ${maxReplicas}`
}

function renderKey(key: KeyDetails | undefined): string {
  if (key === undefined) return 'none'
  const where = `Secret ${key.secret}${key.shared ? ', shared by all older deployments of the project' : ''}`
  if (key.found !== 'present')
    return `${where} ${key.found === 'missing' ? '(missing)' : '(you may not look at Secrets)'}`
  const hint = key.hint === undefined ? 'not written down' : `…${key.hint}`
  return `${hint}, set by ${key.setBy ?? 'somebody unknown'} (${where})`
}

function renderVolume(volume: VolumeDetails | undefined): string | undefined {
  if (volume === undefined) return undefined
  const { pvc, phase, size, storageClass, subPath } = volume
  const facts = [phase, size, storageClass, subPath && `folder ${subPath}`].filter((fact) => fact !== undefined)
  return `${pvc} (${facts.join(', ')})`
}

function objectNames({ deployment, runtimeName, volume, key, pullSecrets }: NIMDeploymentDetails): string[] {
  const { name, runtime } = deployment
  const secrets = [...(key === undefined ? [] : [key.secret]), ...pullSecrets]
  return [
    `InferenceService ${name}`,
    ...(runtimeName === undefined ? [] : [`ServingRuntime ${runtimeName}${runtime === undefined ? ' (missing)' : ''}`]),
    ...(volume === undefined ? [] : [`PersistentVolumeClaim ${volume.pvc}`]),
    ...secrets.map((secret) => `Secret ${secret}`),
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
