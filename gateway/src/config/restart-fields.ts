import { isDeepStrictEqual } from 'node:util'
import type { GatewayConfig } from './schema.ts'

/** Only read at start: ports are open, watches are running, and a stopping gateway has a plan already. */
const AT_START = {
  server: ({ server: { adminToken: _adminToken, ...server } }) => server,
  'auth.secret': ({ auth }) => auth.secret,
  discovery: ({ discovery }) => discovery,
  kubernetes: ({ kubernetes }) => kubernetes,
} as const satisfies Record<string, (config: GatewayConfig) => unknown>

/** The changed parts of a configuration that come into force at the next start only. */
export function restartFields(before: GatewayConfig, after: GatewayConfig): string[] {
  return Object.entries(AT_START).flatMap(([field, read]) =>
    isDeepStrictEqual(read(before), read(after)) ? [] : [field],
  )
}
