import type { ServerResponse } from 'node:http'

/** Answers in plain text, as kubelets do. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(message)
}
