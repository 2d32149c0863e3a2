import { expect, test } from 'vitest'
import { clientHeaders, isReadableEventStream, isReadableJson, upstreamHeaders } from './headers.ts'

test('sends on what the client says, but for its credentials, its network and its connection', () => {
  const client = {
    host: 'gateway',
    connection: 'keep-alive, X-Hop',
    'x-hop': '1',
    'keep-alive': 'timeout=5',
    'proxy-authorization': 'Basic gw-test-a',
    te: 'trailers',
    trailer: 'x',
    'transfer-encoding': 'chunked',
    upgrade: 'h2c',
    authorization: 'Bearer gw-test-a',
    'x-api-key': 'gw-test-a',
    'api-key': 'gw-test-a',
    cookie: 'session=1',
    forwarded: 'for=1.2.3.4',
    'x-real-ip': '1.2.3.4',
    'x-forwarded-for': '1.2.3.4',
    'x-forwarded-host': 'inner',
    'content-length': '5',
    'content-type': 'text/plain',
    'accept-encoding': 'gzip, br',
    expect: '100-continue',
    'x-request-id': 'theirs',
    'x-shadow': 'true',
    traceparent: 'theirs',
    'user-agent': 'OpenAI/Python',
    'x-stainless-lang': 'python',
    'x-session-id': 's1',
  }
  expect(upstreamHeaders(client, 'ours', { authorization: 'Bearer gw-test-upstream' })).toEqual({
    'user-agent': 'OpenAI/Python',
    'x-stainless-lang': 'python',
    'x-session-id': 's1',
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    'x-request-id': 'ours',
    authorization: 'Bearer gw-test-upstream',
  })
})

test('lets no client name the headers that the gateway states itself as those of its connection', () => {
  const client = { connection: 'x-request-id, authorization, content-type' }
  expect(upstreamHeaders(client, 'ours', { authorization: 'Bearer gw-test-upstream' })).toEqual({
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    'x-request-id': 'ours',
    authorization: 'Bearer gw-test-upstream',
  })
})

test('gives the client what the upstream says, but for what marks the server and its connection', () => {
  const upstream = {
    connection: 'close, x-hop',
    'x-hop': '1',
    'keep-alive': 'timeout=5',
    'transfer-encoding': 'chunked',
    'content-length': '7',
    server: 'uvicorn',
    date: 'yesterday',
    'set-cookie': ['a=1'],
    'alt-svc': 'h3',
    'x-request-id': 'theirs',
    'x-upstream': 'theirs',
    'x-fallback-model': 'theirs',
    'access-control-allow-origin': '*',
    'x-ratelimit-limit-requests': '9',
    'retry-after': '3',
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    vary: 'accept',
  }
  expect(clientHeaders(upstream, { 'x-upstream': 'w', 'x-ratelimit-limit-requests': '60' })).toEqual({
    'retry-after': '3',
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    vary: 'accept',
    'x-upstream': 'w',
    'x-ratelimit-limit-requests': '60',
  })
})

test('asks proxies in between not to hold an event stream back', () => {
  expect(clientHeaders({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'public' }, {})).toEqual({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  })
})

test.each([
  [{ 'content-type': 'text/event-stream' }, true, false],
  [{ 'content-type': 'Text/Event-Stream;charset=utf-8', 'content-encoding': 'identity' }, true, false],
  [{ 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }, false, false],
  [{ 'content-type': 'application/json; charset=utf-8' }, false, true],
  [{ 'content-type': 'application/json', 'content-encoding': 'br' }, false, false],
  [{}, false, false],
])('knows what it can read: %j', (headers, isEvents, isJson) => {
  expect([isReadableEventStream(headers), isReadableJson(headers)]).toEqual([isEvents, isJson])
})
