import * as fc from 'fast-check'

// Requests as a grammar makes them, plain and odd, and then broken at random places. The odd parts are those on which
// two parsers are known to disagree.

const METHODS = ['POST', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'get', 'POST ', 'PRI', '']
const TARGETS = [
  '/v1/x',
  '/v1/x?a=b',
  '/',
  '*',
  'http://g/v1/x',
  '/a b',
  '/%zz',
  '//v1',
  '/v1/x#f',
  '/"<>\\^`{|}',
  'v1',
  '/\u00e9',
  '',
]
const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', 'http/1.1', 'HTTP/1.11', '']
const LINES = [
  'content-type: application/json',
  'authorization: Bearer gw-test-key',
  'Connection: keep-alive',
  'connection: close',
  'connection: Close, x-a',
  'connection:',
  'proxy-connection: close',
  'keep-alive: timeout=1',
  'content-length: 0',
  'content-length: 2',
  'content-length: 02',
  'content-length: +2',
  'content-length: 2 ',
  'content-length:\t2',
  'content-length: 2, 2',
  'content-length: 0x2',
  'content-length:',
  'content-length: 99999999999999999999',
  'transfer-encoding: chunked',
  'transfer-encoding: identity',
  'Transfer-Encoding: x, chunked',
  'transfer-encoding : chunked',
  'expect: 100-continue',
  'expect: x',
  'upgrade: websocket',
  'host: other',
  'Host:',
  'te: trailers',
  'x-a: 1',
  'x-a:  1 \t',
  'x-a:',
  'X_a: 1',
  '__proto__: 1',
  'constructor: 1',
  'x-a: \u00e9\u00ff',
  'x-a: \u0000',
  'x-a: \u007f',
  'x-a: a\rb',
  'x-a: a\nb',
  ' folded',
  '\tfolded',
  ': empty',
  'x y: 1',
  'x(y): 1',
  'nothing',
  'cookie: a=1',
  'set-cookie: a=1',
]
const BODIES = [
  '{}',
  '',
  '{"a":1}',
  '2\r\n{}\r\n0\r\n\r\n',
  '0\r\n\r\n',
  'x',
  '2;e=f\r\n{}\r\n0\r\nx-t: 1\r\n\r\n',
  'GET / HTTP/1.1\r\nhost: g\r\n\r\n',
]
const BYTES = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  ',',
  '\0',
  '0',
  '1',
  'a',
  '/',
  '?',
  '\u00ff',
  '\u007f',
  ';',
  '-',
  '_',
]

const usually = (value: string, others: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

/** A request as most clients send it. */
const plain = fc
  .record({
    body: fc.string({ maxLength: 40 }),
    lines: fc.uniqueArray(fc.constantFrom(...LINES.slice(0, 3), 'x-a: 1', 'te: trailers', 'cookie: a=1'), {
      maxLength: 4,
    }),
    target: fc.constantFrom('/v1/x', '/v1/x?a=b', '/health'),
  })
  .map(({ body, lines, target }) => {
    const bytes = Buffer.from(body).toString('latin1')
    return `POST ${target} HTTP/1.1\r\nhost: g\r\n${lines.map((line) => `${line}\r\n`).join('')}content-length: ${bytes.length}\r\n\r\n${bytes}`
  })

/** A request of which any part may be odd. */
const odd = fc
  .record({
    method: usually('POST', METHODS),
    target: usually('/v1/x', TARGETS),
    version: usually('HTTP/1.1', VERSIONS),
    host: usually('host: g\r\n', ['', 'Host: a\r\nhost: b\r\n']),
    length: usually('content-length: 2\r\n', ['']),
    lines: fc.array(fc.constantFrom(...LINES), { maxLength: 4 }),
    end: usually('\r\n', ['\n', '\r', '\r\n\r\n', '']),
    body: usually('{}', BODIES),
  })
  .map(({ method, target, version, host, length, lines, end, body }) => {
    const fields = lines.map((line) => `${line}\r\n`).join('')
    return `${method} ${target} ${version}\r\n${host}${fields}${length}${end}${body}`
  })

const mutation = fc.record({
  at: fc.nat(),
  drop: fc.nat({ max: 3 }),
  insert: fc.oneof(fc.constant(''), fc.constantFrom(...BYTES)),
})

/** What a client may send on one connection, as latin1, and where it is cut into writes. */
export const mutatedRequests = fc
  .record({
    requests: fc.array(fc.oneof(plain, odd), { minLength: 1, maxLength: 3 }),
    mutations: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
    ),
    cuts: fc.array(fc.nat(), { maxLength: 4 }),
  })
  .map(({ requests, mutations, cuts }) => {
    let bytes = requests.join('')
    for (const { at, drop, insert } of mutations) {
      const from = at % (bytes.length + 1)
      bytes = bytes.slice(0, from) + insert + bytes.slice(from + drop)
    }
    const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
    return [0, ...places].map((from, i) => bytes.slice(from, places[i]))
  })
