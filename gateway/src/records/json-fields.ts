/**
 * JSON by hand, one field at a time: a log line of twenty fields takes a third of the time that a logger needs for the
 * same object. Each function returns `,"name":value`, or nothing for a value that is not known.
 */

/** Everything that stands for itself in JSON, and that a terminal shows as it is. */
const PLAIN = /^[ !#-[\]-~]*$/
/** Control and format characters, lone surrogates, and the two line ends that are not control characters. */
const UNSAFE = /[\p{C}\u2028\u2029]/gu

/** Free text is cut and loses what could forge a line, move a cursor or turn the direction of writing. */
export function textField(name: string, value: string | undefined, maxLength = 256): string {
  return value === undefined ? '' : `,"${name}":${quote(value, maxLength)}`
}

export function numberField(name: string, value: number | undefined): string {
  return value === undefined ? '' : `,"${name}":${Number.isFinite(value) ? value : null}`
}

export function booleanField(name: string, value: boolean | undefined): string {
  return value === undefined ? '' : `,"${name}":${value}`
}

function quote(value: string, maxLength: number): string {
  const short = value.length > maxLength ? value.slice(0, maxLength) : value
  return PLAIN.test(short) ? `"${short}"` : JSON.stringify(short.replace(UNSAFE, ''))
}
