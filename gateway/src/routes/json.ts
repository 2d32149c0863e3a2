import type { Call } from './call.ts'

/** Answers with a JSON document. */
export function answerJson({ exchange }: Pick<Call, 'exchange'>, value: unknown, status = 200): void {
  exchange.respond(status, { 'content-type': 'application/json' }, JSON.stringify(value))
}
