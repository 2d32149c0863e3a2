import { isNexusError } from '@nexus/core'

/** How an attempt fails, as one text: code, message and hint. */
export async function failureOf(attempt: Promise<unknown>): Promise<string> {
  const thrown: unknown = await attempt.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (isNexusError(thrown)) return `${thrown.code}: ${thrown.message}\n${thrown.hint ?? ''}`
  throw new Error('it did not fail with an error of ours', { cause: thrown })
}
