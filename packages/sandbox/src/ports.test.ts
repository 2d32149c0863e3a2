import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { expect, test } from 'vitest'
import { boundPort } from './node/network/loopback-port.ts'
import { API_PORT, freePort, GATEWAY_PORT, unlessTaken } from './ports.ts'

async function listenOn(port: number): Promise<Server> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function withTakenPort(use: (port: number) => Promise<void>): Promise<void> {
  const server = await listenOn(0)
  try {
    await use(boundPort(server))
  } finally {
    server.close()
    await once(server, 'close')
  }
}

test('a default moves on from a port that is taken', () =>
  withTakenPort(async (port) => {
    expect(await freePort({ port, asked: false }, API_PORT)).toBeGreaterThan(port)
  }))

test('a port that was asked for is refused when it is taken, with the flag that chooses another', () =>
  withTakenPort(async (port) => {
    await expect(freePort({ port, asked: true }, GATEWAY_PORT)).rejects.toMatchObject({
      code: 'NEXUS_SANDBOX_PORT_IN_USE',
      message: `Port ${port}, for the gateway, is in use`,
      hint: 'Stop what listens there, or choose another with --gateway-port PORT.',
    })
  }))

test('a port that is taken after it was looked for is the same error', () =>
  withTakenPort(async (port) => {
    await expect(unlessTaken(listenOn(port), { ...API_PORT, port })).rejects.toMatchObject({
      code: 'NEXUS_SANDBOX_PORT_IN_USE',
      hint: 'Stop what listens there, or choose another with --api-port PORT.',
    })
  }))

test('other errors of listening stay what they are', async () => {
  const failure = new Error('no')
  await expect(unlessTaken(Promise.reject(failure), { ...API_PORT, port: 1 })).rejects.toBe(failure)
})
