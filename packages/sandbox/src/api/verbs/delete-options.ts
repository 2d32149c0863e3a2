import { badRequest, invalidOptions } from '../errors.ts'
import { fieldAt, isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import { isDryRun } from './dry-run.ts'
import { wholeNumber } from './whole-number.ts'
import { dryRunCauses } from './write-options.ts'

/** How an object is to be deleted. */
export interface DeleteOptions {
  /** Seconds a pod gets to end; undefined leaves it to the pod. */
  readonly gracePeriodSeconds: number | undefined
  readonly propagationPolicy: PropagationPolicy | undefined
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
  /** Whether the deletion is only to be checked and answered. */
  readonly dryRun: boolean
}

export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan'

/**
 * The options of a deletion, from the body or, for what the body does not say, from the query.
 * @throws StatusError 400 where they are not DeleteOptions.
 */
export function parseDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  if (body !== undefined && !isRecord(body)) throw badRequest('the body of a deletion is not a DeleteOptions object')
  const kind = stringAt(body, 'kind')
  if (kind !== undefined && kind !== 'DeleteOptions') {
    throw badRequest(`no kind ${JSON.stringify(kind)} can be the options of a deletion`)
  }
  checkDryRun(query, listAt(body, 'dryRun'))
  return {
    gracePeriodSeconds: checkSeconds(numberAt(body, 'gracePeriodSeconds') ?? wholeNumber(query, 'gracePeriodSeconds')),
    propagationPolicy: policyOf(
      stringAt(body, 'propagationPolicy') ?? query.get('propagationPolicy') ?? '',
      fieldAt(body, 'orphanDependents') ?? flagOf(query.get('orphanDependents')),
    ),
    uid: stringAt(body, 'preconditions', 'uid'),
    resourceVersion: stringAt(body, 'preconditions', 'resourceVersion'),
    // Clients written in Go, kubectl among them, say it in the body and not in the query.
    dryRun: isDryRun(query, listAt(body, 'dryRun')),
  }
}

function checkDryRun(query: URLSearchParams, inBody: readonly unknown[]): void {
  const causes = dryRunCauses([...query.getAll('dryRun'), ...inBody])
  if (causes.length > 0) throw invalidOptions('DeleteOptions', causes)
}

/** 68 years. Beyond it the end of the period is soon no date that can be written. */
const LONGEST_GRACE_SECONDS = 2 ** 31 - 1

function checkSeconds(seconds: number | undefined): number | undefined {
  if (seconds === undefined || (Number.isInteger(seconds) && Math.abs(seconds) <= LONGEST_GRACE_SECONDS)) return seconds
  throw badRequest(
    `gracePeriodSeconds: Invalid value: ${seconds}: must be a whole number up to ${LONGEST_GRACE_SECONDS}`,
  )
}

function flagOf(text: string | null): boolean | undefined {
  return text === null || text === '' ? undefined : text === 'true' || text === '1'
}

/** `orphan` is the older way of saying it, which kubectl still knows. */
function policyOf(policy: string, orphan: unknown): PropagationPolicy | undefined {
  if (policy === '') return typeof orphan === 'boolean' ? (orphan ? 'Orphan' : 'Background') : undefined
  if (typeof orphan === 'boolean') {
    const message = `Invalid value: "${policy}": orphanDependents and deletionPropagation cannot be both set`
    throw invalidOptions('DeleteOptions', [{ reason: 'FieldValueInvalid', message, field: 'propagationPolicy' }])
  }
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy
  const supported = '"Foreground", "Background", "Orphan", "nil"'
  const message = `Unsupported value: "${policy}": supported values: ${supported}`
  throw invalidOptions('DeleteOptions', [{ reason: 'FieldValueNotSupported', message, field: 'propagationPolicy' }])
}
