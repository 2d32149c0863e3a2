/** Whether a write is to be checked and answered, but not stored; `inBody` is what the options of a deletion say of it. */
export function isDryRun(query: URLSearchParams, inBody: readonly unknown[] = []): boolean {
  return query.getAll('dryRun').length > 0 || inBody.length > 0
}
