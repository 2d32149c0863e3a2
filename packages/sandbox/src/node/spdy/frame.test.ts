import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { dataHeader, FrameReader, openFrame, pingFrame, replyFrame, resetFrame } from './frame.ts'
import type { Frame } from './frame.ts'

/** What the frames say, with the pieces of a data frame as one. */
function joined(frames: readonly Frame[]): unknown[] {
  const result: unknown[] = []
  let open: Buffer[] = []
  for (const frame of frames) {
    if (frame.type !== 'data') result.push(frame)
    else if (frame.fin) result.push({ stream: frame.stream, bytes: Buffer.concat([...open.splice(0), frame.bytes]) })
    else open = [...open, frame.bytes]
  }
  return result
}

test('frames are the same however their bytes arrive', () => {
  const sent = Buffer.concat([
    openFrame(1, Buffer.from('headers')),
    dataHeader(1, 5, true),
    Buffer.from('hello'),
    replyFrame(1, Buffer.alloc(3)),
    pingFrame(7),
    dataHeader(3, 0, true),
    resetFrame(3, 5),
  ])
  const whole = joined([...new FrameReader().read(sent)])
  expect(whole).toEqual([
    { type: 'open', stream: 1, fin: false, headers: Buffer.from('headers') },
    { stream: 1, bytes: Buffer.from('hello') },
    { type: 'ping', id: 7 },
    { stream: 3, bytes: Buffer.alloc(0) },
    { type: 'reset', stream: 3 },
  ])
  fc.assert(
    fc.property(fc.array(fc.nat(sent.length), { maxLength: 12 }), (cuts) => {
      const reader = new FrameReader()
      const edges = [0, ...cuts.toSorted((a, b) => a - b), sent.length]
      const pieces = edges.slice(1).map((end, index) => sent.subarray(edges[index], end))
      expect(joined(pieces.flatMap((piece) => [...reader.read(piece)]))).toEqual(whole)
    }),
  )
})

test('a data frame is handed out as it comes, however long it is', () => {
  const reader = new FrameReader()
  expect([...reader.read(dataHeader(1, 0xff_ff_ff, true))].every(({ type }) => type === 'data')).toBe(true)
  const chunk = Buffer.alloc(64 * 1024)
  for (let left = 0xff_ff_ff; left > 0; left -= chunk.length) {
    const [piece] = reader.read(chunk.subarray(0, left))
    expect(piece).toMatchObject({ type: 'data', fin: left <= chunk.length })
  }
})

test.each([
  ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\n'), undefined],
  ['another version', Buffer.from('8002000100000000', 'hex'), 'another version'],
  ['a control frame of 16 MiB', Buffer.from('8003000100ffffff', 'hex'), 'of 16777215 bytes'],
  ['a stream without a number', Buffer.from('8003000100000000', 'hex'), 'ends too early'],
])('%s is no reason to wait for more than it says', (_name, bytes, message) => {
  const read = (): unknown => [...new FrameReader().read(bytes)]
  if (message === undefined) expect(read()).toMatchObject([{ type: 'data' }])
  else expect(read).toThrow(message)
})
