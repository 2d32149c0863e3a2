import type { UpstreamSettings } from '../../config/schema.ts'
import type { Balancer } from './balancer.ts'
import { createLeastLoaded } from './least-loaded.ts'
import { createP2c } from './p2c.ts'
import { createRoundRobin } from './round-robin.ts'
import { createSessionAffinity } from './session-affinity.ts'

/** The names of the policies, as in `upstreams[].balance.policy`. */
export type BalancePolicy = UpstreamSettings['balance']['policy']

const p2c = createP2c()

/** Another policy is a module beside these, a line here and its name in the schema. */
const BALANCERS: Readonly<Record<BalancePolicy, Balancer>> = {
  roundRobin: createRoundRobin(),
  p2c,
  leastLoaded: createLeastLoaded(),
  sessionAffinity: createSessionAffinity(p2c),
}

/** The balancer of a policy. */
export function balancerFor(policy: BalancePolicy): Balancer {
  return BALANCERS[policy]
}
