import { badRequest } from '../errors.ts'
import { fieldAt, isRecord, numberAt, stringAt } from '../objects/fields.ts'

/** How an object is to be deleted. */
export interface DeleteOptions {
  /** Seconds a pod gets to end; undefined leaves it to the pod. */
  readonly gracePeriodSeconds: number | undefined
  readonly propagationPolicy: PropagationPolicy | undefined
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
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
    gracePeriodSeconds: numberAt(body, 'gracePeriodSeconds') ?? parseSeconds(query.get('gracePeriodSeconds')),
    propagationPolicy:
      parsePolicy(stringAt(body, 'propagationPolicy') ?? query.get('propagationPolicy')) ?? parseOrphan(orphan),
    uid: stringAt(body, 'preconditions', 'uid'),
    resourceVersion: stringAt(body, 'preconditions', 'resourceVersion'),
  }
}

function parseSeconds(value: string | null): number | undefined {
  if (value === null || value === '') return undefined
  if (!/^-?\d+$/.test(value)) throw badRequest(`gracePeriodSeconds: ${JSON.stringify(value)} is not a number`)
  return Number(value)
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
