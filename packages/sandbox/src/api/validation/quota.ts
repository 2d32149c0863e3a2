import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue } from './cause.ts'
import { checkQuantity } from './quantity.ts'

const COUNTED = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`])
const STANDARD = new Set([...COUNTED, ...COMPUTE, 'requests.storage'])
const SCOPES = [
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'PriorityClass',
  'CrossNamespacePodAffinity',
]
const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const

export function validateResourceQuota(object: ApiObject): StatusCause[] {
  const hard = fieldAt(object, 'spec', 'hard')
  const amounts = Object.entries(isRecord(hard) ? hard : {})
  return [
    ...amounts.flatMap(([name, amount]) => checkAmount(name, amount)),
    ...checkScopes(
      listAt(object, 'spec', 'scopes'),
      amounts.map(([name]) => name),
    ),
  ]
}

/** Names with a slash are those of devices (`requests.nvidia.com/gpu`) and of counts (`count/deployments.apps`). */
function checkAmount(name: string, amount: unknown): StatusCause[] {
  const field = `spec.hard[${name}]`
  if (!name.includes('/') && !STANDARD.has(name)) {
    return [
      invalidValue(field, name, 'must be a standard resource type or fully qualified'),
      invalidValue(field, name, 'must be a standard resource for quota'),
    ]
  }
  const isWhole = !COUNTED.includes(name) || !String(amount).endsWith('m')
  return [...checkQuantity(field, amount), ...(isWhole ? [] : [invalidValue(field, amount, 'must be an integer')])]
}

function checkScopes(scopes: readonly unknown[], resources: readonly string[]): StatusCause[] {
  const wrong = (detail: string): StatusCause => invalidValue('spec.scopes', scopes, detail)
  const isUnknown = scopes.some((scope) => typeof scope !== 'string' || !SCOPES.includes(scope))
  const isUseless = scopes.includes('BestEffort') && resources.some((resource) => resource !== 'pods')
  const isConflict = OPPOSITES.some(([one, other]) => scopes.includes(one) && scopes.includes(other))
  return [
    ...(isUnknown ? [wrong('unsupported scope')] : []),
    ...(isUseless ? [wrong('unsupported scope applied to resource')] : []),
    ...(isConflict ? [wrong('conflicting scopes')] : []),
  ]
}
