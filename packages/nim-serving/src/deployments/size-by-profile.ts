import { compareQuantities } from '@nexus/kube'
import type { Quantity } from '@nexus/kube'
import type { HardwareIdentifier } from '../api/HardwareProfile.ts'
import { DeployError } from '../errors.ts'
import type { DeployInput, PlacementInput, ResourcesInput } from '../types.ts'
import type { NamedHardwareProfile } from './hardware-profiles.ts'
import { GPU } from './request-fields.ts'
import { withGpus } from './request.ts'
import type { SizeRequest } from './request.ts'

/**
 * The input sized and placed by a profile. Sizes that were asked for by name win over the profile's own, within its bounds.
 * Pure.
 * @throws DeployError `NEXUS_DEPLOY_INPUT` with every size outside the bounds.
 */
export function sizeByProfile(input: DeployInput, profile: NamedHardwareProfile, sizes: SizeRequest): DeployInput {
  const { identifiers } = profile.spec
  const resources = resourcesOf(identifiers, sizes)
  const problems = identifiers.flatMap((identifier) => boundProblems(identifier, resources, profile.name))
  if (sizes.gpus !== undefined && sizes.gpus > 0 && !identifiers.some(({ identifier }) => identifier === GPU)) {
    problems.push(`gpus: The hardware profile ${profile.name} has no ${GPU}.`)
  }
  if (problems.length > 0) {
    throw new DeployError('NEXUS_DEPLOY_INPUT', problems.join('\n'), {
      hint: 'Ask for less, or choose another profile.',
    })
  }
  const { name, namespace, resourceVersion } = profile
  return { ...input, hardwareProfile: { name, namespace, resourceVersion }, resources, placement: placementOf(profile) }
}

function resourcesOf(
  identifiers: readonly HardwareIdentifier[],
  { gpus, requests, limits }: SizeRequest,
): ResourcesInput {
  const defaults = Object.fromEntries(
    identifiers.map(({ identifier, defaultCount }): [string, Quantity] => [identifier, String(defaultCount)]),
  )
  const withCount = (sizes: Record<string, Quantity>): Record<string, Quantity> =>
    gpus === undefined ? sizes : withGpus(sizes, gpus)
  const asked = withCount({ ...defaults, ...requests })
  // A limit below its request is refused by every server: the profile's own limit rises with what was asked for.
  const raised = Object.entries(asked).filter(([name, size]) => compareQuantities(size, defaults[name] ?? size) > 0)
  return { requests: asked, limits: withCount({ ...defaults, ...Object.fromEntries(raised), ...limits }) }
}

function boundProblems(
  { identifier, minCount, maxCount }: HardwareIdentifier,
  { requests, limits }: ResourcesInput,
  profile: string,
): string[] {
  const least = requests[identifier] ?? 0
  const most = limits[identifier] ?? least
  const isLow = compareQuantities(least, minCount) < 0
  const isHigh = maxCount !== undefined && compareQuantities(most, maxCount) > 0
  return [
    ...(isLow ? [`resources.requests.${identifier}: The profile ${profile} begins at ${minCount}, not ${least}.`] : []),
    ...(isHigh ? [`resources.limits.${identifier}: The profile ${profile} ends at ${maxCount}, not ${most}.`] : []),
  ]
}

function placementOf({ spec: { scheduling } }: NamedHardwareProfile): PlacementInput {
  const { tolerations = [], nodeSelector = {} } = scheduling?.node ?? {}
  return { tolerations, nodeSelector, queue: scheduling?.kueue?.localQueueName }
}
