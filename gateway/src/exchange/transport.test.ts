import { describe, expect, test } from 'vitest'
import { eventually } from '../testing/loopback.ts'
import { echo, listen, Wire } from '../testing/listening.ts'
import type { Exchange } from './exchange.ts'
import type { Transport } from './start-listener.ts'

// What a client sees does not depend on who reads its requests. Each test runs over both ways.
const TRANSPORTS: Transport[] = ['fast', 'node']

function post(body: string, lines = '', path = '/v1/x'): string {
  return `POST ${path} HTTP/1.1\r\nhost: g\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${lines}\r\n${body}`
}

const CLOSE = 'connection: close\r\n'
const GET = 'GET /health HTTP/1.1\r\nhost: g\r\n\r\n'

function count(text: string, part: RegExp): number {
  return text.match(part)?.length ?? 0
}

describe.each(TRANSPORTS)('over the %s transport', (transport) => {
  test('gives the request as it came and sends the answer with its length and the request id', async () => {
    const { port, exchanges } = await listen(transport, echo)
    const wire = new Wire(port).send(post('{"a":1}', `X-Mixed: Case \r\nx-request-id: id-1\r\n${CLOSE}`, '/v1/x?q=1'))
    const answer = await wire.closed()
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer).toMatch(/\r\ncontent-length: 7\r\n/i)
    expect(answer).toMatch(/\r\nx-request-id: id-1\r\n/)
    expect(answer).toMatch(/\r\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/i)
    expect(answer).toMatch(/\r\nconnection: close\r\n/i)
    expect(answer).toMatch(/\r\n\r\n{"a":1}$/)
    const { method, path, requestId, remoteAddress } = exchanges[0] ?? {}
    expect([method, path, requestId, remoteAddress]).toEqual(['POST', '/v1/x', 'id-1', '127.0.0.1'])
    expect(exchanges[0]?.headers).toMatchObject({ host: 'g', 'x-mixed': 'Case', 'content-length': '7' })
    expect(exchanges[0]?.sent).toEqual({ status: 200, bodyBytes: 7 })
  })

  test.each([
    ['a well-formed one', 'A-b_9.x', /^A-b_9\.x$/],
    ['an unsafe one', 'a b', /^[0-9a-f-]{36}$/],
    ['a long one', 'a'.repeat(129), /^[0-9a-f-]{36}$/],
  ])('keeps or replaces a request id: %s', async (_name, id, expected) => {
    const { port, exchanges } = await listen(transport, echo)
    await new Wire(port).send(post('{}', `x-request-id: ${id}\r\n${CLOSE}`)).closed()
    expect(exchanges[0]?.requestId).toMatch(expected)
  })

  test('answers requests one after the other on one connection, however they are cut', async () => {
    const { port } = await listen(transport, echo)
    const wire = new Wire(port)
    const bytes = post('"one"') + GET + post('"two"')
    for (const byte of bytes) {
      wire.send(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually(() => count(wire.received, /HTTP\/1\.1 200/g)).toBe(3)
    expect(wire.received).toMatch(/"one"HTTP[\s\S]*"two"$/)
  })

  test('answers a thousand requests that come in one piece, in their order', async () => {
    const { port } = await listen(transport, echo)
    const wire = new Wire(port).send(Array.from({ length: 1000 }, (_, i) => post(`"n${i}"`)).join(''))
    await eventually(() => count(wire.received, /HTTP\/1\.1 200/g)).toBe(1000)
    const bodies = [...wire.received.matchAll(/"n(\d+)"/g)].map(([, number]) => Number(number))
    expect(bodies).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  })

  test('reads a body that comes later and in pieces', async () => {
    const { port } = await listen(transport, echo)
    const body = JSON.stringify('x'.repeat(300_000))
    const request = post(body, CLOSE)
    const wire = new Wire(port)
    for (let at = 0; at < request.length; at += 70_000) {
      wire.send(request.slice(at, at + 70_000))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect((await wire.closed()).endsWith(body)).toBe(true)
  })

  test('reads a body that is asked for late', async () => {
    const { port } = await listen(transport, async (exchange) => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      await echo(exchange)
    })
    const body = JSON.stringify('y'.repeat(300_000))
    expect((await new Wire(port).send(post(body, CLOSE)).closed()).endsWith(body)).toBe(true)
  })

  test('sends pieces in chunks, or plain where their length is known', async () => {
    const { port } = await listen(transport, async (exchange) => {
      exchange.open(200, exchange.path === '/known' ? { 'content-length': 6 } : {})
      await exchange.write(Buffer.from('abc'))
      await exchange.write(Buffer.from('def'))
      exchange.end()
    })
    const chunked = await new Wire(port).send(post('{}', CLOSE)).closed()
    expect(chunked).toMatch(/\r\ntransfer-encoding: chunked\r\n/i)
    expect(chunked).toMatch(/\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n$/)
    const known = await new Wire(port).send(post('{}', CLOSE, '/known')).closed()
    expect(known).toMatch(/\r\n\r\nabcdef$/)
  })

  test('sends large and small pieces in their order', async () => {
    const sizes = [1, 5_000, 16_384, 3, 40_000, 1, 16_383, 70_000, 2, 9]
    const pieces = sizes.map((size, i) => Buffer.alloc(size, String(i)))
    const { port } = await listen(transport, async (exchange) => {
      exchange.open(200, { 'content-length': sizes.reduce((sum, size) => sum + size) })
      for (const piece of pieces) await exchange.write(piece)
      exchange.end()
    })
    const answer = await new Wire(port).send(post('{}', CLOSE)).closed()
    expect(answer.endsWith(`\r\n\r\n${pieces.join('')}`)).toBe(true)
  })

  test.each([204, 304])('sends no body with a %i', async (status) => {
    const { port } = await listen(transport, (exchange) => {
      exchange.open(status, {})
      exchange.end()
    })
    const answer = await new Wire(port).send(post('{}', CLOSE)).closed()
    expect(answer).toMatch(/^HTTP\/1\.1 \d+ [\s\S]*\r\n\r\n$/)
    expect(answer).not.toMatch(/transfer-encoding/i)
  })

  test('cuts the connection so that the answer does not look whole', async () => {
    const { port, exchanges } = await listen(transport, async (exchange) => {
      exchange.open(200, {})
      await exchange.write(Buffer.from('abc'))
      exchange.cut()
    })
    const answer = await new Wire(port).send(post('{}')).closed()
    expect(answer).toMatch(/\r\n\r\n3\r\nabc\r\n$/)
    expect(exchanges[0]?.isClientGone).toBe(false)
  })

  test.each([
    ['refuses a body that is announced too large', 'content-length: 9999', 413, 'request_too_large'],
    ['refuses a compressed body', 'content-length: 2\r\ncontent-encoding: gzip', 415, 'unsupported_content_encoding'],
  ])('%s without waiting for it', async (_name, lines, status, code) => {
    const { port } = await listen(transport, async (exchange) => {
      await exchange.readBody(1000)
    })
    const wire = new Wire(port).send(`POST / HTTP/1.1\r\nhost: g\r\n${lines}\r\n\r\n{`)
    await eventually(() => wire.received).toContain(code)
    expect(wire.received.startsWith(`HTTP/1.1 ${status} `)).toBe(true)
  })

  test('discards the body of a refused request and reads the next request behind it', async () => {
    const { port } = await listen(transport, async (exchange) => {
      if (exchange.path === '/no') exchange.respond(401, {}, 'no')
      else await echo(exchange)
    })
    const body = JSON.stringify('z'.repeat(200_000))
    const wire = new Wire(port)
    const refused = post(body, '', '/no')
    wire.send(refused.slice(0, 1000))
    await eventually(() => wire.received).toMatch(/401[\s\S]*no$/)
    wire.send(refused.slice(1000) + post('"next"'))
    await eventually(() => wire.received).toMatch(/"next"$/)
  })

  test('refuses a body that takes too long, and answers so', async () => {
    const { port } = await listen(transport, echo, { bodyTimeoutMs: 150 })
    const wire = new Wire(port).send('POST / HTTP/1.1\r\nhost: g\r\ncontent-length: 10\r\n\r\n{')
    await eventually(() => wire.received).toContain('request_timeout')
    expect(wire.received).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('closes a connection whose head takes too long', async () => {
    const { port, refused } = await listen(transport, echo, { headersTimeoutMs: 100 })
    const answer = await new Wire(port).send('POST /v1/x HTTP/1.1\r\nhost: g\r\n').closed()
    expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/)
    expect(refused).toEqual(['request_timeout'])
  })

  test('closes a connection whose head comes a byte now and then', async () => {
    const { port } = await listen(transport, echo, { headersTimeoutMs: 100 })
    const wire = new Wire(port)
    const drip = setInterval(() => wire.send('G'), 20)
    wire.send('GET / HTTP/1.1\r\nhost: ')
    try {
      expect(await wire.closed()).toMatch(/^(HTTP\/1\.1 408 |$)/)
    } finally {
      clearInterval(drip)
    }
  })

  test('closes an idle connection', async () => {
    const { port } = await listen(transport, echo, { keepAliveMs: 100 })
    const answer = await new Wire(port).send(post('{}')).closed()
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('tells when the client leaves, before the answer and during it', async () => {
    const events: string[] = []
    const { port, exchanges } = await listen(transport, async (exchange) => {
      await exchange.readBody(100)
      exchange.whenClientGone(() => events.push(`gone ${exchange.path}`))
      exchange.whenClosed(() => events.push(`closed ${exchange.path}`))
      if (exchange.path === '/during') {
        exchange.open(200, {})
        await exchange.write(Buffer.from('x'))
      }
    })
    const before = new Wire(port).send(post('{}', '', '/before'))
    await eventually(() => exchanges.length).toBe(1)
    before.socket.destroy()
    await eventually(() => events).toEqual(['gone /before', 'closed /before'])
    const during = new Wire(port).send(post('{}', '', '/during'))
    await eventually(() => during.received).toContain('x')
    during.socket.destroy()
    await eventually(() => events.slice(2)).toEqual(['gone /during', 'closed /during'])
    expect(exchanges.map(({ isClientGone }) => isClientGone)).toEqual([true, true])
    let toldAtOnce = false
    exchanges[0]?.whenClientGone(() => (toldAtOnce = true))
    expect(toldAtOnce).toBe(true)
    expect(() => exchanges[0]?.write(Buffer.from('late'))).toThrow(/closed/)
  })

  test('takes a client that closes its side before the answer for gone', async () => {
    const { port, exchanges } = await listen(transport, async (exchange) => {
      await exchange.readBody(100)
    })
    const wire = new Wire(port).send(post('{}'))
    await eventually(() => exchanges.length).toBe(1)
    wire.socket.end()
    await eventually(() => exchanges[0]?.isClientGone).toBe(true)
  })

  test('answers each request that it begins, though the client closes its side behind many of them', async () => {
    const { port, exchanges } = await listen(transport, echo)
    const wire = new Wire(port).send(Array.from({ length: 100 }, (_, i) => post(`"n${i}"`)).join(''))
    wire.socket.end()
    const answers = count(await wire.closed(), /HTTP\/1\.1 200/g)
    expect(answers).toBeGreaterThan(0)
    expect(exchanges.map(({ isClientGone }) => isClientGone)).toEqual(Array.from({ length: answers }, () => false))
  })

  test('ends the wait for a body when the client leaves', async () => {
    const failures: unknown[] = []
    const { port, exchanges } = await listen(transport, async (exchange) => {
      try {
        await exchange.readBody(1000)
      } catch (error) {
        failures.push(error)
      }
    })
    const wire = new Wire(port).send('POST / HTTP/1.1\r\nhost: g\r\ncontent-length: 10\r\n\r\n{')
    await eventually(() => exchanges.length).toBe(1)
    wire.socket.destroy()
    await eventually(() => failures).toMatchObject([{ code: 'client_closed_request' }])
  })

  test('says once that an answer was handed over, and that the client stayed', async () => {
    let closed = 0
    const { port, exchanges } = await listen(transport, (exchange) => {
      exchange.whenClosed(() => closed++)
      exchange.whenClientGone(() => (closed += 100))
      exchange.respond(200, {}, 'x'.repeat(1000))
    })
    await new Wire(port).send(post('{}', CLOSE)).closed()
    await eventually(() => closed).toBe(1)
    expect(exchanges[0]?.isClientGone).toBe(false)
  })

  test('waits for a client that does not read, and drops one that does not for too long', async () => {
    let written = 0
    let failure: unknown
    const { port, exchanges } = await listen(
      transport,
      async (exchange) => {
        exchange.open(200, {})
        try {
          for (;;) {
            await exchange.write(Buffer.alloc(64 * 1024))
            written++
          }
        } catch (error) {
          failure = error
        }
      },
      { clientStallMs: 300 },
    )
    const wire = new Wire(port).send(post('{}'))
    wire.socket.pause()
    await eventually(() => failure).toMatchObject({ code: 'client_closed_request' })
    expect(exchanges[0]?.isClientGone).toBe(true)
    expect(written).toBeLessThan(1000) // what the two sockets hold, not what could be written
  })

  test('drops a client that leaves the end of its answer unread', async () => {
    let closed = false
    const { port, exchanges } = await listen(
      transport,
      (exchange) => {
        exchange.whenClosed(() => (closed = true))
        exchange.respond(200, {}, Buffer.alloc(32 * 1024 * 1024))
      },
      { clientStallMs: 200 },
    )
    const wire = new Wire(port).send(post('{}'))
    wire.socket.pause()
    await eventually(() => closed).toBe(true)
    expect(exchanges[0]?.isClientGone).toBe(true)
  })

  test('goes on to write for a client that reads again', async () => {
    const piece = Buffer.alloc(256 * 1024, 'p')
    const { port } = await listen(transport, async (exchange) => {
      exchange.open(200, { 'content-length': piece.length * 64 })
      for (let i = 0; i < 64; i++) await exchange.write(piece)
      exchange.end()
    })
    const wire = new Wire(port).send(post('{}', CLOSE))
    wire.socket.pause()
    setTimeout(() => wire.socket.resume(), 100)
    const answer = await wire.closed()
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(piece.length * 64)
  })

  test('stops: idle connections end, a call under way is answered and told to close, then nothing is open', async () => {
    let release = (): void => undefined
    const listener = await listen(transport, async (exchange) => {
      await exchange.readBody(100)
      if (exchange.path === '/slow') await new Promise<void>((resolve) => (release = resolve))
      exchange.respond(200, {}, 'done')
    })
    const idle = new Wire(listener.port).send(post('{}'))
    await eventually(() => idle.received).toContain('done')
    const slow = new Wire(listener.port).send(post('{}', '', '/slow'))
    await eventually(() => listener.exchanges.length).toBe(2)
    listener.stopAccepting()
    await idle.closed()
    release()
    expect(await slow.closed()).toMatch(/\r\nconnection: close\r\n[\s\S]*done$/i)
    await listener.closed()
  })

  test('stops: a stream that began before ends whole, and its connection with it', async () => {
    const listener = await listen(transport, async (exchange) => {
      exchange.open(200, {})
      await exchange.write(Buffer.from('a'))
    })
    const wire = new Wire(listener.port).send(post('{}'))
    await eventually(() => wire.received).toMatch(/a\r\n$/)
    listener.stopAccepting()
    void listener.exchanges[0]?.write(Buffer.from('b'))
    listener.exchanges[0]?.end()
    expect(await wire.closed()).toMatch(/1\r\nb\r\n0\r\n\r\n$/)
    await listener.closed()
  })

  test('breaks off what is open when it is destroyed', async () => {
    const listener = await listen(transport, () => undefined)
    const wires = [
      new Wire(listener.port).send(post('{}')),
      new Wire(listener.port).send('GET / HT'),
      new Wire(listener.port),
    ]
    await eventually(() => listener.exchanges.length).toBe(1)
    listener.stopAccepting()
    listener.destroy()
    await Promise.all(wires.map((wire) => wire.closed()))
    await listener.closed()
  })

  test('takes no more connections of one address than it may', async () => {
    const { port, refused } = await listen(transport, echo, { maxConnectionsPerIp: 2 })
    const first = new Wire(port).send(post('{}'))
    const second = new Wire(port).send(post('{}'))
    await eventually(() => first.received + second.received).toMatch(/200[\s\S]*200/)
    expect(await new Wire(port).send(post('{}')).closed()).toBe('')
    expect(refused).toEqual(['too_many_connections'])
    first.socket.destroy()
    await eventually(() => first.isClosed).toBe(true)
    const again = new Wire(port).send(post('{}', CLOSE))
    expect(await again.closed()).toMatch(/200/)
  })

  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}', 400],
    [
      'a length beside chunks',
      'POST / HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a length with a sign', 'POST / HTTP/1.1\r\nhost: g\r\ncontent-length: +2\r\n\r\n{}', 400],
    ['a bad chunk size', 'POST / HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n', 400],
    ['a folded header', 'GET / HTTP/1.1\r\nhost: g\r\nx-a: b\r\n c\r\n\r\n', 400],
    ['a space before the colon', 'GET / HTTP/1.1\r\nhost : g\r\n\r\n', 400],
    ['a bare line feed', 'GET / HTTP/1.1\r\nhost: g\nx-a: b\r\n\r\n', 400],
    ['a null byte in a value', 'GET / HTTP/1.1\r\nhost: g\r\nx-a: \0\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\nx-a: b\r\n\r\n', 400],
    ['large headers', `GET / HTTP/1.1\r\nhost: g\r\ncookie: ${'c'.repeat(20_000)}\r\n\r\n`, 431],
  ])('refuses %s', async (_name, bytes, status) => {
    const { port, exchanges } = await listen(transport, async (exchange) => {
      await exchange.readBody(100)
    })
    const answer = await new Wire(port).send(bytes).closed()
    expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true)
    expect(exchanges.every(({ sent }) => sent.status === 0)).toBe(true)
  })

  test.each([
    [
      'a body in chunks',
      'POST /v1/x HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
      /200[\s\S]*{}/,
    ],
    [
      'an absolute target',
      'POST http://g:80/v1/x?y=1 HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\n\r\n{}',
      /200[\s\S]*{}/,
    ],
    ['HTTP/1.0', 'POST /v1/x HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}', /200[\s\S]*{}$/],
    ['OPTIONS', 'OPTIONS /v1/x HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n', /200/],
    ['HEAD', 'HEAD /v1/x HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n', /^HTTP\/1\.1 200 [^{]*$/],
    ['an empty POST', 'POST /v1/x HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n', /200/],
    ['an empty line before', '\r\nPOST /v1/x HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\n\r\n{}', /200[\s\S]*{}/],
    [
      'two cookies',
      'POST /v1/x HTTP/1.1\r\nhost: g\r\ncookie: a\r\ncookie: b\r\ncontent-length: 2\r\n\r\n{}',
      /200[\s\S]*{}/,
    ],
    [
      'a body that waits for a 100',
      'POST /v1/x HTTP/1.1\r\nhost: g\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}',
      /100 Continue\r\n\r\nHTTP\/1\.1 200[\s\S]*{}/,
    ],
  ])('serves %s, first and after other requests', async (_name, bytes, expected) => {
    const { port, exchanges } = await listen(transport, echo)
    const first = new Wire(port).send(bytes)
    await eventually(() => first.received).toMatch(expected)
    const later = new Wire(port).send(post('"before"'))
    await eventually(() => later.received).toMatch(/"before"$/)
    later.received = ''
    later.send(bytes)
    await eventually(() => later.received).toMatch(expected)
    expect(exchanges.map(({ path }) => path)).toEqual(['/v1/x', '/v1/x', '/v1/x'])
  })
})

test('reads plain requests itself and goes over to node:http in the middle of a connection', async () => {
  const kinds: string[] = []
  const { port } = await listen('fast', async (exchange: Exchange) => {
    kinds.push(exchange.constructor.name)
    await echo(exchange)
  })
  const wire = new Wire(port)
  const odd = 'POST /v1/x HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n\r\n3\r\n"2"\r\n0\r\n\r\n'
  wire.send(post('"1"') + odd + post('"3"'))
  await eventually(() => wire.received).toMatch(/"1"[\s\S]*"2"[\s\S]*"3"$/)
  expect(kinds).toEqual(['FastExchange', 'NodeExchange', 'NodeExchange'])
})

test('stops: a connection that was promised another call before is kept for it a little longer', async () => {
  const listener = await listen('fast', async (exchange) => {
    exchange.open(200, {})
    await exchange.write(Buffer.from(exchange.path))
    if (exchange.path === '/later') exchange.end()
  })
  const wire = new Wire(listener.port).send(post('{}'))
  await eventually(() => wire.received).toContain('/v1/x')
  listener.stopAccepting()
  listener.exchanges[0]?.end()
  await eventually(() => wire.received).toMatch(/0\r\n\r\n$/)
  wire.send(post('{}', '', '/later'))
  expect(await wire.closed()).toMatch(/connection: keep-alive[\s\S]*connection: close[\s\S]*\/later\r\n0\r\n\r\n$/)
  await listener.closed()
})
