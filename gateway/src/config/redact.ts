import type { GatewayConfig } from './schema.ts'

/** What stands in the place of a secret. */
const REDACTED = '<redacted>'

/** A configuration as it may be shown: without secrets, and with no more of a key's digest than its id is made of. */
export function redactConfig(config: GatewayConfig): GatewayConfig {
  const { server, auth, limits, privacy } = config
  return {
    ...config,
    server: { ...server, ...(server.adminToken !== undefined && { adminToken: REDACTED }) },
    auth: {
      ...auth,
      keys: auth.keys.map(({ key, hash, ...entry }) => ({
        ...entry,
        ...(key !== undefined && { key: REDACTED }),
        ...(hash !== undefined && { hash: `${hash.slice(0, 'sha256:'.length + 12)}${REDACTED}` }),
      })),
      ...(auth.jwt !== undefined && {
        jwt: { ...auth.jwt, ...(auth.jwt.secret !== undefined && { secret: REDACTED }) },
      }),
    },
    limits: {
      ...limits,
      ...(limits.redis !== undefined && { redis: { ...limits.redis, url: redactUrl(limits.redis.url) } }),
    },
    privacy: { ...privacy, ...(privacy.hashSalt !== undefined && { hashSalt: REDACTED }) },
  }
}

/** Without user, password and query; what is no URL is not shown at all. */
function redactUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null) return REDACTED
  const credentials = url.username === '' && url.password === '' ? '' : `${REDACTED}@`
  const query = url.search === '' && url.hash === '' ? '' : `?${REDACTED}`
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${query}`
}
