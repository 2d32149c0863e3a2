import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sendAtEndOfTurn, type Sender } from './end-of-turn.ts'

function sender(send: () => void): Sender {
  return { send }
}

test('sends behind everything that the turn still does, in the order in which it was asked', async () => {
  const sent: string[] = []
  sendAtEndOfTurn(sender(() => sent.push('first')))
  sendAtEndOfTurn(sender(() => sent.push('second')))
  await Promise.resolve()
  expect(sent).toEqual([])
  await nextTurn()
  expect(sent).toEqual(['first', 'second'])
})

test('does not let many wait for the end of a long turn', async () => {
  let sent = 0
  for (let index = 0; index < 40; index++) sendAtEndOfTurn(sender(() => sent++))
  await new Promise<void>((resolve) => process.nextTick(resolve))
  expect(sent).toBe(40)
  await nextTurn()
  expect(sent).toBe(40)
})

test('what is asked for while it sends waits for the next turn', async () => {
  const sent: string[] = []
  sendAtEndOfTurn(
    sender(() => {
      sent.push('first')
      sendAtEndOfTurn(sender(() => sent.push('next turn')))
    }),
  )
  sendAtEndOfTurn(sender(() => sent.push('second')))
  await nextTurn()
  expect(sent).toEqual(['first', 'second'])
  await nextTurn()
  expect(sent).toEqual(['first', 'second', 'next turn'])
})
