import type { UpstreamSettings } from '../config/schema/upstreams.ts'

/**
 * The header by which an upstream knows the gateway, as its settings say. Read anew each time: nothing else of the process
 * holds the value.
 */
export function credentialHeaders({ credentials }: Pick<UpstreamSettings, 'credentials'>): Record<string, string> {
  const value = credentials === undefined ? '' : (process.env[credentials.fromEnv] ?? '')
  if (credentials === undefined || value === '') return {}
  return { [credentials.header]: credentials.header === 'authorization' ? `Bearer ${value}` : value }
}
