import type { IncomingMessage } from 'node:http'
import type { GatewayError } from '../errors.ts'
import { isBodyTooSlow } from './body-pace.ts'
import { clientClosed, tooLarge, tooSlow } from './refusals.ts'

const PACE_CHECK_MS = 1_000

/**
 * Reads the whole body of a `node:http` request.
 *
 * @throws GatewayError `request_too_large`, `request_timeout` or `client_closed_request`
 */
export function readNodeBody(request: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  const startedMs = performance.now()
  let size = 0
  const settle = (): void => {
    clearInterval(pace)
    request.off('data', onData).off('end', onEnd).off('close', onClose)
  }
  const refuse = (error: GatewayError): void => {
    settle()
    reject(error)
  }
  const onData = (chunk: Buffer): void => {
    size += chunk.length
    if (size > maxBytes) refuse(tooLarge(maxBytes))
    else chunks.push(chunk)
  }
  const onEnd = (): void => {
    settle()
    resolve(Buffer.concat(chunks, size))
  }
  const onClose = (): void => refuse(clientClosed())
  const pace = setInterval(
    () => {
      if (isBodyTooSlow(size, performance.now() - startedMs, timeoutMs)) refuse(tooSlow())
    },
    Math.min(PACE_CHECK_MS, timeoutMs),
  )
  request.on('data', onData).once('end', onEnd).once('close', onClose)
  return promise
}
