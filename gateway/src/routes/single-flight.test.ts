import { expect, test } from 'vitest'
import { ask, startAnswering, startConfigured, status } from '../testing/configured.ts'
import { eventually, openSocket, rawChat, TEST_KEY } from '../testing/running.ts'
import { SingleFlight } from './single-flight.ts'

const OTHER_KEY = 'nvapi-test-other'
const KEY = { 'idempotency-key': 'order-1' }

const neverAnswers = (): void => undefined

/** An upstream that answers what `answers` says in turn, and a gateway with two keys. */
function setUp(...answers: Parameters<typeof startAnswering>) {
  return setUpWith({}, ...answers)
}

async function setUpWith(timeouts: { firstByteMs?: number }, ...answers: Parameters<typeof startAnswering>) {
  const upstream = await startAnswering(...answers)
  const keys = { [TEST_KEY]: {}, [OTHER_KEY]: {} }
  const env = { GATEWAY_API_KEY_POLICIES: JSON.stringify(keys) }
  const gateway = await startConfigured({ w: upstream.url }, { timeouts }, env)
  return { upstream, gateway }
}

test('marks a call until it has ended, for its caller and its key alone', () => {
  const flights = new SingleFlight()
  const end = flights.begin('a', 'k')
  expect(() => flights.begin('a', 'k')).toThrow('still being answered')
  flights.begin('b', 'k')()
  flights.begin('a', 'k2')()
  expect(() => flights.begin('a', 'k')).toThrow('still being answered')
  end()
  flights.begin('a', 'k')()
})

test('tells a client that repeats a call while it is answered to wait, and pays for one generation', async () => {
  const { gateway, upstream } = await setUp(neverAnswers, status(200, '{"n":2}'))
  const first = ask(gateway.url, { model: 'w' }, KEY)
  await eventually(() => upstream.received).toHaveLength(1)
  const repeated = await ask(gateway.url, { model: 'w' }, KEY)
  expect([repeated.status, repeated.headers.get('retry-after')]).toEqual([409, '1'])
  expect(await repeated.json()).toMatchObject({ error: { code: 'request_in_progress' } })
  expect(upstream.received).toHaveLength(1)

  const others = [ask(gateway.url, { model: 'w' }, { ...KEY, authorization: `Bearer ${OTHER_KEY}` })]
  others.push(ask(gateway.url, { model: 'w' }, { 'idempotency-key': 'order-2' }), ask(gateway.url, { model: 'w' }))
  for (const { status: code } of await Promise.all(others)) expect(code).toBe(200)
  upstream.received[0]?.response.end('{"n":1}')
  expect(await (await first).text()).toBe('{"n":1}')
  await eventually(async () => (await ask(gateway.url, { model: 'w' }, KEY)).status).toBe(200)
})

test.each([
  ['was refused', status(422, '{}'), 422],
  ['was not answered in time', neverAnswers, 504],
])('remembers nothing of a call that %s', async (_name, answer, expected) => {
  const { gateway } = await setUpWith({ firstByteMs: 500 }, answer, status(200, '{}'))
  expect((await ask(gateway.url, { model: 'w' }, KEY)).status).toBe(expected)
  await eventually(async () => (await ask(gateway.url, { model: 'w' }, KEY)).status).toBe(200)
})

test('remembers nothing of a call whose client left', async () => {
  const { gateway, upstream } = await setUp(neverAnswers, status(200, '{}'))
  const socket = await openSocket(gateway.url)
  socket.write(rawChat('{"model":"w"}', 'idempotency-key: order-1\r\n'))
  await eventually(() => upstream.received).toHaveLength(1)
  socket.destroy()
  await eventually(async () => (await ask(gateway.url, { model: 'w' }, KEY)).status).toBe(200)
})
