/** `Name:  value` lines with their values in one column; fields without a value are left out. */
export function renderFields(fields: readonly (readonly [name: string, value: string | undefined])[]): string {
  const shown = fields.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(...shown.map(([name]) => name.length)) + 1
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)}  ${value}\n`).join('')
}
