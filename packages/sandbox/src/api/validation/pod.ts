import { fieldAt, listAt, numberAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { duplicatesOf, invalidValue, oneOf, required } from './cause.ts'
import { validateContainer } from './container.ts'
import { checkLabel } from './metadata.ts'
import { validatePlacement } from './placement.ts'
import { validateVolume } from './volume.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']

/** The spec of a Pod or of a pod template; `field` is where it stands. */
export function validatePodSpec(spec: unknown, field: string): StatusCause[] {
  const volumes = listAt(spec, 'volumes')
  const faults = volumes.map((volume, index) => validateVolume(`${field}.volumes[${index}]`, volume))
  // A volume with faults counts for nothing: neither as a name that is taken, nor as one to mount.
  const names = volumes.map((volume, index) => (faults[index]?.length === 0 ? stringAt(volume, 'name') : undefined))
  const mountable = new Set(names)
  const containers = listAt(spec, 'containers')
  const init = listAt(spec, 'initContainers')
  const all = [...init, ...containers].map((container) => stringAt(container, 'name'))
  const fieldOf = (index: number) =>
    index < init.length ? `${field}.initContainers[${index}]` : `${field}.containers[${index - init.length}]`
  return [
    ...faults.flat(),
    ...duplicatesOf(names, (index) => `${field}.volumes[${index}].name`),
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...[...init, ...containers].flatMap((container, index) => validateContainer(fieldOf(index), container, mountable)),
    ...duplicatesOf(all, (index) => `${fieldOf(index)}.name`),
    ...oneOf(`${field}.restartPolicy`, stringAt(spec, 'restartPolicy'), RESTART_POLICIES),
    ...checkDeadline(`${field}.activeDeadlineSeconds`, numberAt(spec, 'activeDeadlineSeconds')),
    ...oneOf(`${field}.dnsPolicy`, stringAt(spec, 'dnsPolicy'), DNS_POLICIES),
    ...Object.entries(fieldAt(spec, 'nodeSelector') ?? {}).flatMap(([key, value]) =>
      checkLabel(`${field}.nodeSelector`, key, value),
    ),
    ...validatePlacement(spec, field),
  ]
}

const LONGEST_SECONDS = 2 ** 31 - 1

function checkDeadline(field: string, seconds = 1): StatusCause[] {
  if (seconds >= 1 && seconds <= LONGEST_SECONDS) return []
  return [invalidValue(field, seconds, `must be between 1 and ${LONGEST_SECONDS}, inclusive`)]
}
