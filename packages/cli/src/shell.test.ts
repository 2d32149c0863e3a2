import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { Interrupted, readStdin } from './shell.ts'

test('standard input is read to its end', async () => {
  const stdin = new PassThrough()
  stdin.end('nvapi-test-0123')
  expect(await readStdin({ stdin, signal: new AbortController().signal })).toBe('nvapi-test-0123')
})

test('an interrupt ends the wait for standard input that nobody closes', async () => {
  const interrupted = new AbortController()
  const read = readStdin({ stdin: new PassThrough(), signal: interrupted.signal })
  interrupted.abort(new Interrupted('SIGINT'))
  await expect(read).rejects.toMatchObject({ name: 'AbortError', cause: { name: 'Interrupted' } })
})

test('an interrupt from before is not waited for', async () => {
  const signal = AbortSignal.abort(new Interrupted('SIGTERM'))
  await expect(readStdin({ stdin: new PassThrough(), signal })).rejects.toThrow('Interrupted by SIGTERM')
})
