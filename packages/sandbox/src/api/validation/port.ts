import type { StatusCause } from '../status.ts'
import { invalidValue } from './cause.ts'

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

const MAX_NAME = 15

/** A port by number or by the name that a container gives it. */
export function checkPort(field: string, port: unknown): StatusCause[] {
  return typeof port === 'string' ? checkPortName(field, port) : checkPortNumber(field, port)
}

export function checkPortNumber(field: string, port: unknown): StatusCause[] {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) return []
  return [invalidValue(field, port ?? 0, 'must be between 1 and 65535, inclusive')]
}

/** An IANA service name (RFC 6335, 5.1). */
export function checkPortName(field: string, name: string): StatusCause[] {
  const faults = [
    name.length > MAX_NAME && `must be no more than ${MAX_NAME} characters`,
    !/^[-a-z0-9]+$/.test(name) && 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    !/[a-z]/.test(name) && 'must contain at least one letter (a-z)',
    name.includes('--') && 'must not contain consecutive hyphens',
    /^-|-$/.test(name) && 'must not begin or end with a hyphen',
  ]
  return faults.filter((fault) => fault !== false).map((fault) => invalidValue(field, name, fault))
}
