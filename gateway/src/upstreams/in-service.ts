import type { Endpoint } from './endpoint.ts'

/** Neither its health, nor its breaker, nor a pause keeps it out. One that is full is in service: calls wait for it. */
export function isInService(endpoint: Pick<Endpoint, 'isHealthy' | 'refusal'>): boolean {
  const refusal = endpoint.refusal()
  return endpoint.isHealthy && (refusal === undefined || refusal === 'full')
}
