/** Whether a comma-separated list of tokens, such as `connection`, names `token`. */
export function listsToken(list: string, token: string): boolean {
  if (list.length === token.length) return list.toLowerCase() === token
  return list.length > token.length && list.split(',').some((item) => item.trim().toLowerCase() === token)
}

/** The number of a `content-length`, undefined if it is not plain digits that are counted exactly. */
export function parseLength(value: string): number | undefined {
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

/**
 * @throws TypeError when a value could not be sent as one field line: a line break in it would begin another
 */
export function checkFieldValue(name: string, value: string): void {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new TypeError(`the header ${name} has a character that cannot be sent`)
}
