import type { Exchange } from '../exchange/exchange.ts'
import { clientClosed } from '../exchange/refusals.ts'

/**
 * Waits, unless the client leaves meanwhile.
 *
 * @throws GatewayError `client_closed_request`
 */
export function waitForClient(exchange: Pick<Exchange, 'whenClientGone'>, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      exchange.whenClientGone(undefined)
      resolve()
    }, ms)
    exchange.whenClientGone(() => {
      clearTimeout(timer)
      reject(clientClosed())
    })
  })
}
