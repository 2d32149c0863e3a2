import { invalidOptions } from '../errors.ts'
import type { StatusCause } from '../status.ts'

const MATCH = 'resourceVersionMatch'

function forbidden(field: string, why: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field }
}

function unsupported(value: string, supported: string): StatusCause {
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`
  return { reason: 'FieldValueNotSupported', message, field: MATCH }
}

/**
 * Refuses options of a list or a watch that contradict each other, in kube-apiserver's words (`ValidateListOptions` in
 * apimachinery).
 * @throws StatusError 422
 */
export function checkListOptions(query: URLSearchParams, watching: boolean): void {
  const causes = watching ? watchCauses(query) : listCauses(query)
  if (causes.length > 0) throw invalidOptions('ListOptions', causes)
}

function listCauses(query: URLSearchParams): StatusCause[] {
  const [match, version] = [query.get(MATCH) ?? '', query.get('resourceVersion') ?? '']
  const causes: StatusCause[] = []
  if (match !== '') {
    if (version === '') causes.push(forbidden(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`))
    if (query.get('continue')) causes.push(forbidden(MATCH, `${MATCH} is forbidden for continue`))
    if (match !== 'Exact' && match !== 'NotOlderThan') causes.push(unsupported(match, '"Exact", "NotOlderThan", ""'))
    if (match === 'Exact' && version === '0')
      causes.push(forbidden(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`))
  }
  if (query.get('sendInitialEvents'))
    causes.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  return causes
}

function watchCauses(query: URLSearchParams): StatusCause[] {
  const match = query.get(MATCH) ?? ''
  const initial = query.get('sendInitialEvents') ?? ''
  const causes: StatusCause[] = []
  if (initial !== '' && match !== 'NotOlderThan')
    causes.push(forbidden(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`))
  if (match === '') return causes
  if (initial === '')
    causes.push(forbidden(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`))
  if (match !== 'NotOlderThan') causes.push(unsupported(match, '"NotOlderThan"'))
  if (query.get('continue')) causes.push(forbidden(MATCH, `${MATCH} is forbidden for continue`))
  return causes
}
