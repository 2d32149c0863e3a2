import { invalid } from './fields.ts'

/** As many as OpenAI takes. */
const MAX_INPUTS = 2048

/**
 * The texts of an `input` or a `prompt`: one text, a list of texts, the ids of one text's tokens, or a list of those.
 * Ids stand for themselves, one word each.
 */
export function textsOf(value: unknown, param: string): string[] {
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value) || value.length === 0) throw invalid(param, 'must be a text or a list of texts')
  if (value.length > MAX_INPUTS && !isTokens(value)) throw invalid(param, `must not have more than ${MAX_INPUTS} texts`)
  if (isTokens(value)) return [value.join(' ')]
  return value.map((entry: unknown, index) => {
    if (typeof entry === 'string') return entry
    if (isTokens(entry) && entry.length > 0) return entry.join(' ')
    throw invalid(`${param}.${index}`, 'must be a text or a list of tokens')
  })
}

function isTokens(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'number')
}
