import { isIP, isIPv4, isIPv6 } from 'node:net'

const DATE = /^\d{4}-\d\d-\d\d$/
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const HOSTNAME = /^(?=.{1,255}$)[a-z0-9](?:[-a-z0-9]{0,62}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,62}[a-z0-9])?)*$/i
const EMAIL = /^[^\s@<>]+@[^\s@<>]+$/
const MAC = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i
const DURATION = /^[+-]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$|^0$/

const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  byte: (text) => BASE64.test(text),
  cidr: isCidr,
  date: (text) => DATE.test(text) && !Number.isNaN(Date.parse(text)),
  'date-time': (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)),
  duration: (text) => DURATION.test(text),
  email: (text) => EMAIL.test(text),
  hostname: (text) => HOSTNAME.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  mac: (text) => MAC.test(text),
  // As Go parses a request URI: absolute, or a path.
  uri: (text) => text.startsWith('/') || URL.canParse(text),
  uuid: (text) => UUID.test(text),
}

/** Whether a text has a format of OpenAPI; formats that are not known hold always, as on any API server. */
export function hasFormat(text: string, format: string): boolean {
  return CHECKS[format]?.(text) ?? true
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/')
  const longest = isIPv4(address) ? 32 : 128
  return more.length === 0 && isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= longest
}
