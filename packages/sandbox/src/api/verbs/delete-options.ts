import { badRequest } from '../errors.ts'
import { fieldAt, isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import { isDryRun } from './dry-run.ts'
import { wholeNumber } from './whole-number.ts'

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
  const orphan = fieldAt(body, 'orphanDependents')
  return {
    gracePeriodSeconds: checkSeconds(numberAt(body, 'gracePeriodSeconds') ?? wholeNumber(query, 'gracePeriodSeconds')),
    propagationPolicy:
      parsePolicy(stringAt(body, 'propagationPolicy') ?? query.get('propagationPolicy')) ?? parseOrphan(orphan),
    uid: stringAt(body, 'preconditions', 'uid'),
    resourceVersion: stringAt(body, 'preconditions', 'resourceVersion'),
    // Clients written in Go, kubectl among them, say it in the body and not in the query.
    dryRun: isDryRun(query, listAt(body, 'dryRun')),
  }
}

/** 68 years. Beyond it the end of the period is soon no date that can be written. */
const LONGEST_GRACE_SECONDS = 2 ** 31 - 1

function checkSeconds(seconds: number | undefined): number | undefined {
  if (seconds === undefined || (Number.isInteger(seconds) && Math.abs(seconds) <= LONGEST_GRACE_SECONDS)) return seconds
  throw badRequest(
    `gracePeriodSeconds: Invalid value: ${seconds}: must be a whole number up to ${LONGEST_GRACE_SECONDS}`,
  )
}

/** The older way of saying it, which kubectl still knows. */
function parseOrphan(orphan: unknown): PropagationPolicy | undefined {
  if (typeof orphan !== 'boolean') return undefined
  return orphan ? 'Orphan' : 'Background'
}

function parsePolicy(value: string | null): PropagationPolicy | undefined {
  switch (value) {
    case null:
    case '':
      return undefined
    case 'Background':
    case 'Foreground':
    case 'Orphan':
      return value
    default:
      throw badRequest(`propagationPolicy: Unsupported value: ${JSON.stringify(value)}`)
  }
}
