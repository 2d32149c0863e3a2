import type { UpstreamSettings } from '../config/schema/upstreams.ts'

/**
 * The header by which an upstream knows the gateway, as its settings say. Read anew each time: nothing else of the process
 * holds the value.
 */
export function credentialHeaders({ credentials }: Pick<UpstreamSettings, 'credentials'>): Record<string, string> {
  if (credentials === undefined) return {}
  const value = process.env[credentials.fromEnv] ?? ''
  return { [credentials.header]: credentials.header === 'authorization' ? `Bearer ${value}` : value }
}
