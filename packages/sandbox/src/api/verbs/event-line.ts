import type { Call } from '../cluster.ts'
import type { AnswerForm } from '../http/negotiation.ts'
import { viewOne } from '../http/view.ts'
import type { ApiObject } from '../object.ts'
import { present } from '../objects/present.ts'
import { encode } from '../store/store.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** The lines of the event that was written last: a thousand watches send the same bytes, made once for each form. */
let last: { readonly object: ApiObject; readonly second: number; readonly lines: Map<string, Buffer> } | undefined

/** One event as a watch in this form sends it. The same bytes are given to all: nobody may write into them. */
export function eventLine(type: EventType, object: ApiObject, { resource, cluster }: Call, form: AnswerForm): Buffer {
  const now = cluster.clock()
  const second = Math.floor(now.getTime() / 1000) // tables tell ages
  if (last?.object !== object || last.second !== second) last = { object, second, lines: new Map() }
  const key = `${type} ${resource.apiVersion} ${form.view} ${form.include}`
  const known = last.lines.get(key)
  if (known) return known
  const shown = present(object, resource)
  const json = form.view === 'object' ? encode(shown) : JSON.stringify(viewOne(shown, resource, form, now))
  const line = Buffer.from(`{"type":"${type}","object":${json}}\n`)
  last.lines.set(key, line)
  return line
}
