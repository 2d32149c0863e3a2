import { fieldAt, isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import { compareAmounts } from '../objects/quantity.ts'
import type { StatusCause } from '../status.ts'
import { duplicatesOf, forbidden, invalidValue, notFound, oneOf, repetitions, required } from './cause.ts'
import { checkName, label } from './names.ts'
import { checkPort, checkPortName, checkPortNumber, PROTOCOLS } from './port.ts'
import { checkQuantities } from './quantity.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc']
const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef']

type VolumeNames = ReadonlySet<string | undefined>

/** One container; `volumes` are the names its mounts may refer to. */
export function validateContainer(field: string, container: unknown, volumes: VolumeNames): StatusCause[] {
  return [
    ...checkName(`${field}.name`, stringAt(container, 'name'), label),
    ...checkImage(`${field}.image`, stringAt(container, 'image') ?? ''),
    ...listAt(container, 'ports').flatMap((port, index) => checkContainerPort(`${field}.ports[${index}]`, port)),
    ...duplicatesOf(
      listAt(container, 'ports').map((port) => stringAt(port, 'name')),
      (index) => `${field}.ports[${index}].name`,
    ),
    ...listAt(container, 'env').flatMap((variable, index) => checkEnv(`${field}.env[${index}]`, variable)),
    ...checkMounts(`${field}.volumeMounts`, listAt(container, 'volumeMounts'), volumes),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) => {
      return checkProbe(`${field}.${probe}`, fieldAt(container, probe))
    }),
    ...oneOf(`${field}.imagePullPolicy`, stringAt(container, 'imagePullPolicy'), PULL_POLICIES),
    ...checkResources(`${field}.resources`, fieldAt(container, 'resources')),
  ]
}

function checkImage(field: string, image: string): StatusCause[] {
  if (image === '') return [required(field)]
  return image === image.trim() ? [] : [invalidValue(field, image, 'must not have leading or trailing whitespace')]
}

function checkContainerPort(field: string, port: unknown): StatusCause[] {
  const number = numberAt(port, 'containerPort')
  const name = stringAt(port, 'name')
  return [
    ...(name ? checkPortName(`${field}.name`, name) : []),
    ...(number ? checkPortNumber(`${field}.containerPort`, number) : [required(`${field}.containerPort`)]),
    ...oneOf(`${field}.protocol`, stringAt(port, 'protocol'), PROTOCOLS),
  ]
}

function checkEnv(field: string, variable: unknown): StatusCause[] {
  const name = stringAt(variable, 'name') ?? ''
  const rule = "a valid environment variable name must consist only of printable ASCII characters other than '='"
  const wrong = name !== '' && !/^[ -<>-~]+$/.test(name)
  return [
    ...(name === '' ? [required(`${field}.name`)] : []),
    ...(wrong ? [invalidValue(`${field}.name`, name, rule)] : []),
    ...checkSource(`${field}.valueFrom`, variable),
  ]
}

function checkSource(field: string, variable: unknown): StatusCause[] {
  const source = fieldAt(variable, 'valueFrom')
  if (!isRecord(source)) return []
  if (stringAt(variable, 'value')) return [invalidValue(field, '', 'may not be specified when `value` is not empty')]
  const known = SOURCES.filter((key) => source[key] !== undefined)
  const oneOfThem = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'
  if (known.length === 0) return [invalidValue(field, '', oneOfThem)]
  if (known.length > 1) return [invalidValue(field, '', 'may not have more than one field specified at a time')]
  return checkFieldPath(`${field}.fieldRef.fieldPath`, stringAt(source, 'fieldRef', 'fieldPath'))
}

/** The fields of a pod that its variables can show. */
const FIELD_PATHS =
  /^(?:metadata\.(?:name|namespace|uid|(?:labels|annotations)(?:\['.+'\])?)|spec\.(?:nodeName|serviceAccountName|restartPolicy)|status\.(?:phase|hostIPs?|podIPs?))$/

function checkFieldPath(field: string, path: string | undefined): StatusCause[] {
  if (path === undefined || FIELD_PATHS.test(path)) return []
  return [invalidValue(field, path, `error converting fieldPath: field label not supported: ${path}`)]
}

function checkMounts(field: string, mounts: readonly unknown[], volumes: VolumeNames): StatusCause[] {
  const repeated = repetitions(mounts.map((mount) => stringAt(mount, 'mountPath')))
  return mounts.flatMap((mount, index) => {
    const name = stringAt(mount, 'name') ?? ''
    const path = stringAt(mount, 'mountPath') ?? ''
    const at = `${field}[${index}]`
    return [
      ...(name === '' ? [required(`${at}.name`)] : []),
      ...(name === '' || volumes.has(name) ? [] : [notFound(`${at}.name`, name)]),
      ...(path === '' ? [required(`${at}.mountPath`)] : []),
      ...(path !== '' && repeated[index] ? [invalidValue(`${at}.mountPath`, path, 'must be unique')] : []),
      ...checkSubPath(`${field}.subPath`, stringAt(mount, 'subPath') ?? ''),
    ]
  })
}

function checkSubPath(field: string, path: string): StatusCause[] {
  return [
    ...(path.startsWith('/') ? [invalidValue(field, path, 'must be a relative path')] : []),
    ...(path.split('/').includes('..') ? [invalidValue(field, path, "must not contain '..'")] : []),
  ]
}

function checkProbe(field: string, probe: unknown): StatusCause[] {
  if (!isRecord(probe)) return []
  const [first, ...more] = HANDLERS.filter((handler) => probe[handler] !== undefined)
  if (first === undefined) return [required(field, 'must specify a handler type')]
  const timings = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold']
  const port = first === 'exec' ? [] : checkPort(`${field}.${first}.port`, fieldAt(probe, first, 'port'))
  return [
    ...port,
    ...more.map((handler) => forbidden(`${field}.${handler}`, 'may not specify more than 1 handler type')),
    ...timings.flatMap((timing) => {
      const value = numberAt(probe, timing) ?? 0
      return value < 0 ? [invalidValue(`${field}.${timing}`, value, 'must be greater than or equal to 0')] : []
    }),
    ...checkSuccessThreshold(field, numberAt(probe, 'successThreshold') ?? 1),
  ]
}

/** Only readiness can be asked for more than once: a program is alive, or has started, with the first success. */
function checkSuccessThreshold(field: string, threshold: number): StatusCause[] {
  if (threshold === 1 || threshold < 0 || field.endsWith('.readinessProbe')) return []
  return [invalidValue(`${field}.successThreshold`, threshold, 'must be 1')]
}

/** Extended resources (`nvidia.com/gpu`) come in whole pieces, and never more are requested than limited. */
function checkResources(field: string, resources: unknown): StatusCause[] {
  const limits = fieldAt(resources, 'limits')
  const requests = fieldAt(resources, 'requests')
  const pieces = Object.keys(isRecord(requests) ? requests : {}).filter((name) => name.includes('/'))
  const noLimit = pieces.some((name) => fieldAt(limits, name) === undefined)
  return [
    ...checkQuantities(`${field}.limits`, limits),
    ...checkWhole(`${field}.limits`, limits),
    ...checkQuantities(`${field}.requests`, requests),
    ...checkWhole(`${field}.requests`, requests),
    ...(noLimit ? [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')] : []),
    ...checkWithinLimits(`${field}.requests`, limits, requests),
  ]
}

function checkWithinLimits(field: string, limits: unknown, requests: unknown): StatusCause[] {
  return Object.entries(isRecord(requests) ? requests : {}).flatMap(([name, request]) => {
    const limit = stringAt(limits, name)
    if (limit === undefined) return []
    const difference = compareAmounts(request, limit)
    const isDevice = name.includes('/')
    if (isDevice ? difference === 0 : difference <= 0) return []
    const bound = isDevice ? 'must be equal to' : 'must be less than or equal to'
    return [invalidValue(field, request, `${bound} ${name} limit of ${limit}`)]
  })
}

function checkWhole(field: string, quantities: unknown): StatusCause[] {
  const entries = Object.entries(isRecord(quantities) ? quantities : {})
  const broken = entries.filter(([name, quantity]) => name.includes('/') && String(quantity).endsWith('m'))
  return broken.map(([name, quantity]) => invalidValue(`${field}[${name}]`, quantity, 'must be an integer'))
}
