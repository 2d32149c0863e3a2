import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { duplicatesOf, invalidValue, oneOf, required } from './cause.ts'
import { faultsOf, subdomain } from './names.ts'

const REVIEWS = ['v1', 'v1beta1']
const SEGMENTS = 'should be a domain with at least three segments separated by dots'

export function validateWebhooks(object: ApiObject): StatusCause[] {
  const webhooks = listAt(object, 'webhooks')
  return [
    ...webhooks.flatMap((webhook, index) => checkWebhook(`webhooks[${index}]`, webhook)),
    ...duplicatesOf(
      webhooks.map((webhook) => stringAt(webhook, 'name')),
      (index) => `webhooks[${index}].name`,
    ),
  ]
}

function checkWebhook(field: string, webhook: unknown): StatusCause[] {
  return [
    ...checkDomain(`${field}.name`, stringAt(webhook, 'name') ?? ''),
    ...listAt(webhook, 'rules').flatMap((rule, index) => checkRule(`${field}.rules[${index}]`, rule)),
    ...oneOf(`${field}.failurePolicy`, fieldAt(webhook, 'failurePolicy'), ['Fail', 'Ignore']),
    ...oneOf(`${field}.matchPolicy`, fieldAt(webhook, 'matchPolicy'), ['Equivalent', 'Exact']),
    ...checkSideEffects(`${field}.sideEffects`, fieldAt(webhook, 'sideEffects')),
    ...checkTimeout(`${field}.timeoutSeconds`, numberAt(webhook, 'timeoutSeconds') ?? 0),
    ...checkClient(`${field}.clientConfig`, fieldAt(webhook, 'clientConfig')),
    ...checkReviews(`${field}.admissionReviewVersions`, listAt(webhook, 'admissionReviewVersions')),
  ]
}

function checkDomain(field: string, name: string): StatusCause[] {
  if (name === '') return [required(field)]
  const faults = faultsOf(name, subdomain)
  if (faults.length > 0) return faults.map((fault) => invalidValue(field, name, fault))
  return name.split('.').length < 3 ? [invalidValue(field, name, SEGMENTS)] : []
}

function checkRule(field: string, rule: unknown): StatusCause[] {
  const lists = ['operations', 'apiGroups', 'apiVersions', 'resources']
  return lists.filter((list) => listAt(rule, list).length === 0).map((list) => required(`${field}.${list}`))
}

function checkSideEffects(field: string, value: unknown): StatusCause[] {
  if (value === undefined) return [required(field, 'must specify one of None, NoneOnDryRun')]
  return oneOf(field, value, ['None', 'NoneOnDryRun'])
}

function checkTimeout(field: string, seconds: number): StatusCause[] {
  const isLong = seconds < 1 || seconds > 30
  return isLong ? [invalidValue(field, seconds, 'the timeout value must be between 1 and 30 seconds')] : []
}

function checkClient(field: string, client: unknown): StatusCause[] {
  const url = stringAt(client, 'url')
  if ((url === undefined) !== isRecord(fieldAt(client, 'service'))) {
    return [required(field, 'exactly one of url or service is required')]
  }
  if (url === undefined || url.startsWith('https://')) return []
  const scheme = URL.canParse(url) ? new URL(url).protocol.slice(0, -1) : url
  const why = "'https' is the only allowed URL scheme; desired format: https://host[/path]"
  return [invalidValue(`${field}.url`, scheme, why)]
}

function checkReviews(field: string, versions: readonly unknown[]): StatusCause[] {
  const known = REVIEWS.join(', ')
  if (versions.length === 0) return [required(field, `must specify one of ${known}`)]
  const isKnown = versions.some((version) => typeof version === 'string' && REVIEWS.includes(version))
  return isKnown ? [] : [invalidValue(field, versions, `must include at least one of ${known}`)]
}
