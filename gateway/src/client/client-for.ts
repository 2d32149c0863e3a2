import { createHttpClient } from './http-client.ts'
import { createMockClient } from './mock-client.ts'
import type { ClientOptions, UpstreamClient } from './upstream-client.ts'

/**
 * A client for one endpoint: for http and https, and the stand-ins `mock://local` and `mock://fail`.
 *
 * @param url everything before `/v1/…`; the configuration has checked its scheme
 */
export function clientFor(url: string, options: ClientOptions): UpstreamClient {
  const parsed = new URL(url)
  if (parsed.protocol === 'mock:') return createMockClient(parsed, Date.now)
  return createHttpClient(parsed, options)
}
