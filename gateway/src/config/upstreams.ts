import type { StaticUpstream } from './schema.ts'
import { splitList } from './values.ts'

const REFUSED_SCHEMES = new Map([
  ['litellm:', 'litellm:// is not supported: run the LiteLLM proxy and give its http:// address'],
  ['grpc:', 'grpc:// is not supported: give the http:// address of an OpenAI-compatible server'],
])

/**
 * Reads `name=url` entries, separated by `;` or `,`.
 *
 * Schemes: `http://`, `https://`, `mock://local` (answers by itself) and `mock://fail` (always fails).
 */
export function parseUpstreams(text: string): { upstreams: StaticUpstream[]; problems: string[] } {
  const upstreams: StaticUpstream[] = []
  const problems: string[] = []
  for (const entry of splitList(text)) {
    const equals = entry.indexOf('=')
    const name = entry.slice(0, Math.max(equals, 0)).trim()
    const address = entry.slice(equals + 1).trim()
    const problem = name === '' ? 'an entry is not name=url (a URL must not hold "," or ";")' : addressProblem(address)
    if (problem === undefined) upstreams.push({ name, url: address.replace(/\/+$/, '') })
    else problems.push(name === '' ? problem : `${name}: ${problem}`)
  }
  return { upstreams, problems }
}

/** What is wrong with an address. It is not quoted back: it may carry a password. */
function addressProblem(address: string): string | undefined {
  const url = URL.parse(address)
  if (url === null) return 'is not a URL'
  const refused = REFUSED_SCHEMES.get(url.protocol)
  if (refused !== undefined) return refused
  if (url.protocol === 'mock:')
    return ['local', 'fail'].includes(url.hostname) ? undefined : 'is neither mock://local nor mock://fail'
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `${url.protocol}// is not supported: use http:// or https://`
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (url.search !== '' || url.hash !== '') return 'must not hold a query or fragment'
  return undefined
}
