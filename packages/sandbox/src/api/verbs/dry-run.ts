import { badRequest } from '../errors.ts'

/**
 * Whether a write is to be checked and answered, but not stored; `inBody` is what the options of a deletion say of it.
 * @throws StatusError 400 for any value but `All`.
 */
export function isDryRun(query: URLSearchParams, inBody: readonly unknown[] = []): boolean {
  const values = [...query.getAll('dryRun').filter((value) => value !== ''), ...inBody]
  const unknown = values.find((value) => value !== 'All')
  if (unknown !== undefined)
    throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(unknown)}: supported values: "All"`)
  return values.length > 0
}
