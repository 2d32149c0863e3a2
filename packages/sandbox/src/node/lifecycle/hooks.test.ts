import { expect, test } from 'vitest'
import { runHook } from './hooks.ts'

const container = { name: 'main' }
const patience = AbortSignal.timeout(30_000)

function socketsWith(exitCode: number | undefined): Parameters<typeof runHook>[2] {
  return {
    podIP: '10.244.0.2',
    loopbackPort: () => undefined,
    exec: async () => (exitCode === undefined ? undefined : { exitCode, output: 'said' }),
  }
}

test.each([
  ['a command that ends well', { exec: { command: ['x'] } }, 0, undefined],
  ['a command that fails', { exec: { command: ['x'] } }, 2, 'command exited with 2: said'],
  ['a command that is not here', { exec: { command: ['x'] } }, undefined, undefined],
  ['a sleep', { sleep: { seconds: 0 } }, 0, undefined],
  [
    'a request that nobody answers',
    { httpGet: { port: 80 } },
    0,
    'Get "http://10.244.0.2:80/": dial tcp 10.244.0.2:80: connect: connection refused',
  ],
])('%s: %s', async (_, handler, exitCode, why) => {
  expect(await runHook(handler, container, socketsWith(exitCode), patience)).toBe(why)
})

test('a long sleep ends with what it waits for', async () => {
  expect(await runHook({ sleep: { seconds: 1000 } }, container, socketsWith(0), AbortSignal.abort())).toBeUndefined()
})
