import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../testing/loopback.ts'
import { clientFor } from './client-for.ts'

/** A process that listens and then never accepts: with its backlog full, connections hang as with a lost host. */
const FROZEN = `require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, function () {
  require('node:fs').writeSync(1, this.address().port + '\\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

async function startFrozen(): Promise<number> {
  const child = spawn(process.execPath, ['-e', FROZEN], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let port = ''
  child.stdout.on('data', (chunk) => (port += String(chunk)))
  await eventually(() => port).toMatch(/\n/)
  let connected = 0
  for (let place = 0; place < 8; place++) {
    const socket = connect(Number(port), '127.0.0.1', () => (connected += 1)).on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
  }
  await eventually(() => connected).toBeGreaterThan(1)
  return Number(port)
}

test.skipIf(process.platform !== 'linux').each(['http', 'https'])(
  'over %s: gives a connection up that is not there in time',
  async (scheme) => {
    const port = await startFrozen()
    const client = clientFor(`${scheme}://127.0.0.1:${port}`, { connectMs: 200, idleMs: 1_000, maxConnections: 8 })
    onTestFinished(() => client.close())
    const request = { method: 'POST', path: '/v1/x', headers: {}, body: [Buffer.from('{}')] } as const
    await expect(client.start(request).head()).rejects.toMatchObject({ kind: 'unreachable' })
  },
)
