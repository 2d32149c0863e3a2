import { once } from 'node:events'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { echo, listen, Wire } from '../testing/listening.ts'
import { mutatedRequests } from '../testing/mutated-requests.ts'

/** `npm run soak` sets more. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 3_000)
const AT_A_TIME = 8
/** How long a connection may take to end once the client has closed its side. */
const HANG_MS = 5_000
const MIB = 1024 * 1024

/** How a client goes: it closes its side and waits, or it is gone. */
type Leaving = 'end' | 'destroy' | 'reset'

/** @returns whether the connection ended in time */
async function misbehave(port: number, writes: readonly string[], leaving: Leaving): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  const closed = once(socket, 'close').catch(() => undefined)
  for (const bytes of writes) {
    socket.write(bytes, 'latin1')
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (leaving === 'end') socket.end()
  else if (leaving === 'destroy') socket.destroy()
  else socket.resetAndDestroy()
  const timer = setTimeout(() => socket.destroy(new Error('it hangs')), HANG_MS)
  await closed
  clearTimeout(timer)
  return socket.errored?.message !== 'it hangs'
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') Reflect.apply(collect, undefined, [])
}

test('outlives mutated requests: no crash, no connection that hangs, no exchange left open, no memory kept', async () => {
  let open = 0
  const listener = await listen('fast', async (exchange) => {
    open++
    exchange.whenClosed(() => open--)
    await echo(exchange)
  })
  const hung: string[][] = []
  const run = async (runs: number): Promise<void> => {
    const samples = fc.sample(fc.tuple(mutatedRequests, fc.constantFrom<Leaving>('end', 'destroy', 'reset')), runs)
    const work = samples.values()
    const worker = async (): Promise<void> => {
      for (const [writes, leaving] of work) {
        if (!(await misbehave(listener.port, writes, leaving))) hung.push(writes)
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, worker))
    listener.exchanges.length = 0
    listener.refused.length = 0
  }
  await run(500)
  collectGarbage()
  const baseBytes = process.memoryUsage().heapUsed
  for (let done = 0; done < RUNS; done += 1_000) await run(Math.min(1_000, RUNS - done))
  collectGarbage()
  expect(hung).toEqual([])
  await expect.poll(() => open, { timeout: 10_000 }).toBe(0)
  expect(process.memoryUsage().heapUsed - baseBytes).toBeLessThan(16 * MIB)
  const well = new Wire(listener.port).send('GET /health HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n')
  expect(await well.closed()).toMatch(/^HTTP\/1\.1 200 /)
}, 1_800_000)
