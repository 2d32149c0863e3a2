import type { KeptAnswer } from './open-answer.ts'

/**
 * The answer that a server would have given, had it failed before it began its stream. Servers state a status as the
 * error's code (vLLM); without one it is 502.
 *
 * @param text the data of the event that reported the error
 */
export function renderFailure(text: string): KeptAnswer | undefined {
  const event = parseObject(text)
  if (event === undefined) return undefined
  const error: unknown = Reflect.get(event, 'error')
  const told = typeof error === 'object' && error !== null ? error : envelopeOf(event, error)
  const body = Buffer.from(told === error ? text : JSON.stringify({ error: told }))
  return { status: statusOf(told), headers: { 'content-type': 'application/json' }, body }
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** The Responses API states its errors in the event itself, others as a text. */
function envelopeOf(event: object, error: unknown): object {
  const stated: unknown = Reflect.get(event, 'message')
  const message = [error, stated].find((text) => typeof text === 'string') ?? 'The upstream failed.'
  const code: unknown = Reflect.get(event, 'code') ?? null
  return { message, type: 'upstream_error', param: null, code }
}

function statusOf(error: object): number {
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'number' && Number.isInteger(code) && code >= 400 && code <= 599 ? code : 502
}
