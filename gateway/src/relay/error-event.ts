import { envelopeOf, renderEnvelope, type GatewayError } from '../errors.ts'

/** How the streams of an API say that they failed. */
export type ErrorForm =
  /** The envelope of any refusal, in an event without a name: chats and completions. */
  | 'envelope'
  /** The event `error`: the Responses API. */
  | 'named'

/**
 * The event that ends a stream which is not complete. A named one holds the envelope beside its own fields: the official
 * clients raise for it, some of them for nothing else.
 *
 * @param sequence how many events came before it, from which the Responses API numbers its own
 */
export function renderErrorEvent(error: GatewayError, form: ErrorForm, sequence: number): string {
  if (form === 'envelope') return `data: ${renderEnvelope(error)}\n\n`
  const { code, message, param } = error
  const event = { type: 'error', code, message, param, sequence_number: sequence, ...envelopeOf(error) }
  return `event: error\ndata: ${JSON.stringify(event)}\n\n`
}
