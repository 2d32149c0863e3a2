import { GatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'

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
      reject(new GatewayError('client_closed_request', 'The client closed the connection.'))
    })
  })
}
