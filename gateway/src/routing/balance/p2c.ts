import { firstOf, type Balancer } from './balancer.ts'

/** Draws two and takes the one with fewer calls in flight: nearly as even as asking all, and never a stampede. */
export function createP2c(random: () => number = Math.random): Balancer {
  return {
    pick: (endpoints) => {
      const first = firstOf(endpoints)
      const count = endpoints.length
      if (count === 1) return first
      const index = Math.floor(random() * count)
      const other = (index + 1 + Math.floor(random() * (count - 1))) % count
      const [a = first, b = first] = [endpoints[index], endpoints[other]]
      return b.inFlight < a.inFlight ? b : a
    },
  }
}
