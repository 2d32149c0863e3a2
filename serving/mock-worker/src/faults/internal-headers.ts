/**
 * What the fault `headers` adds to an answer: headers of one hop, and what only the inside of a cluster should see. A
 * proxy in front must keep all of them from its client.
 */
export const INTERNAL_HEADERS = {
  connection: 'keep-alive, x-named-by-connection',
  'x-named-by-connection': 'internal',
  'keep-alive': 'timeout=1234',
  'proxy-authenticate': 'Basic realm="internal"',
  'proxy-connection': 'keep-alive',
  te: 'trailers',
  server: 'mock-worker',
  'set-cookie': 'session=internal',
  'alt-svc': 'h3=":443"',
  'x-request-id': 'internal',
  'x-upstream': 'internal',
} as const
