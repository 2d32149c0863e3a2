import type { Endpoint } from '../../upstreams/endpoint.ts'

/** Chooses among endpoints that are equally good. */
export interface Balancer {
  /**
   * One of `endpoints`.
   *
   * @param endpoints those that may take the call, never none
   * @param affinityKey names the session that the call belongs to
   */
  pick(endpoints: readonly Endpoint[], affinityKey: string | undefined): Endpoint
}

/** The first endpoint, for policies that compare the others with it. @throws RangeError for none */
export function firstOf(endpoints: readonly Endpoint[]): Endpoint {
  const [first] = endpoints
  if (first === undefined) throw new RangeError('There is no endpoint to pick from')
  return first
}
