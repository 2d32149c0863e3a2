import { isIPv6 } from 'node:net'

const REFUSED_SCHEMES = new Map([
  ['litellm:', 'litellm:// is not supported: run the LiteLLM proxy and give its http:// address'],
  ['grpc:', 'grpc:// is not supported: give the http:// address of an OpenAI-compatible server'],
])

/**
 * Where clouds hand out the credentials of the machine. A URL in a configuration that somebody else may write must not
 * lead there. `URL` has already turned decimal, octal and hexadecimal forms of IPv4 into dotted ones.
 */
const METADATA_HOSTS = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '[fd00:ec2::254]',
  'metadata',
  'metadata.google.internal',
])

/** What is wrong with the address of an upstream. It is not quoted back: it may carry a password. */
export function addressProblem(address: string): string | undefined {
  const url = URL.parse(address)
  if (url === null) return 'is not a URL'
  const refused = REFUSED_SCHEMES.get(url.protocol)
  if (refused !== undefined) return refused
  if (url.protocol === 'mock:') {
    return ['local', 'fail'].includes(url.hostname) ? undefined : 'is neither mock://local nor mock://fail'
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `${url.protocol}// is not supported: use http:// or https://`
  }
  return partsProblem(url)
}

/** What is wrong with an http or https address besides its scheme. */
export function partsProblem(url: URL): string | undefined {
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (url.search !== '' || url.hash !== '') return 'must not hold a query or fragment'
  if (METADATA_HOSTS.has(plainHost(url))) return 'is the address of a cloud metadata service'
  return undefined
}

/** The host without a final dot, and IPv4 where it is written as IPv6 (`[::ffff:a9fe:a9fe]`). */
function plainHost({ hostname }: URL): string {
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname)
  if (mapped === null) return isIPv6(hostname) ? `[${hostname}]` : hostname.replace(/\.$/, '')
  const bytes = mapped.slice(1).flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
  return bytes.join('.')
}
