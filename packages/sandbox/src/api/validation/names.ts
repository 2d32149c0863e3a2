import type { StatusCause } from '../status.ts'
import { invalidValue, required } from './cause.ts'

/** A form that names must have. */
export interface NameForm {
  readonly pattern: RegExp
  readonly maxLength: number
  readonly rule: string
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const DNS_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const LABEL_VALUE = `(${QUALIFIED})?`

/** Names of most objects. */
export const subdomain: NameForm = {
  pattern: whole(SUBDOMAIN),
  maxLength: 253,
  rule: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`,
}

/** Names of namespaces, containers, volumes and ports. */
export const label: NameForm = {
  pattern: whole(LABEL),
  maxLength: 63,
  rule: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
}

/** Names of Services, which become the first part of a DNS name. */
export const dns1035Label: NameForm = {
  pattern: whole(DNS_1035),
  maxLength: 63,
  rule: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${DNS_1035}')`,
}

export const labelValue: NameForm = {
  pattern: whole(LABEL_VALUE),
  maxLength: 63,
  rule: `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${LABEL_VALUE}')`,
}

/** The part of a label or annotation key behind the slash. */
const qualifiedName: NameForm = {
  pattern: whole(QUALIFIED),
  maxLength: 63,
  rule: `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`,
}

/** A key of a ConfigMap or Secret. */
export const dataKey: NameForm = {
  pattern: /^[-._a-zA-Z0-9]+$/,
  maxLength: 253,
  rule: "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
}

/** What keeps `value` from being of this form, as sentences. */
export function faultsOf(value: string, { pattern, maxLength, rule }: NameForm): string[] {
  const faults = value.length > maxLength ? [`must be no more than ${maxLength} characters`] : []
  return pattern.test(value) ? faults : [...faults, rule]
}

/** A required name of this form. */
export function checkName(field: string, value: unknown, form: NameForm): StatusCause[] {
  if (typeof value !== 'string' || value === '') return [required(field)]
  return faultsOf(value, form).map((fault) => invalidValue(field, value, fault))
}

/** A kind is a label, in CamelCase. */
export function checkKind(field: string, kind: unknown): StatusCause[] {
  const faults = faultsOf(String(kind).toLowerCase(), dns1035Label)
  return faults.map((fault) => invalidValue(field, kind, `may have mixed case, but should otherwise match: ${fault}`))
}

/** A key of a label or an annotation: a name of up to 63 characters, perhaps behind a DNS subdomain and a slash. */
export function qualifiedNameFaults(key: string): string[] {
  const [first = '', second, ...more] = key.split('/')
  if (more.length > 0) {
    return [
      `a qualified name ${qualifiedName.rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  if (second === undefined) return faultsOf(first, qualifiedName).map((fault) => `name part ${fault}`)
  if (first === '') return ['prefix part must be non-empty']
  return [
    ...faultsOf(first, subdomain).map((fault) => `prefix part ${fault}`),
    ...faultsOf(second, qualifiedName).map((fault) => `name part ${fault}`),
  ]
}

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`)
}
