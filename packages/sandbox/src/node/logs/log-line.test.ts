import { expect, test } from 'vitest'
import { LineSplitter, parseLogLine, renderLogLine, selectLines } from './log-line.ts'
import type { LogLine } from './log-line.ts'

function line(second: number, text = `line ${second}`): LogLine {
  return { time: `2026-01-01T00:00:0${second}.000Z`, stream: 'stdout', text }
}

test.each([line(1), line(2, ''), line(3, 'with stdout F in it'), { ...line(4), stream: 'stderr' as const }])(
  'a line is read as it was written: $text',
  (written) => {
    expect(parseLogLine(renderLogLine(written).slice(0, -1))).toEqual(written)
  },
)

test('half a line is no line', () => {
  expect(parseLogLine('2026-01-01T00:00:01.000Z std')).toBeUndefined()
})

test.each([
  [{}, [1, 2, 3]],
  [{ tailLines: 2 }, [2, 3]],
  [{ tailLines: 0 }, []],
  [{ tailLines: 9 }, [1, 2, 3]],
  [{ since: '2026-01-01T00:00:02.000Z' }, [2, 3]],
  [{ since: '2026-01-01T00:00:02.000Z', tailLines: 1 }, [3]],
])('%j selects lines %j', (selection, seconds) => {
  expect(selectLines([line(1), line(2), line(3)], selection)).toEqual(seconds.map((second) => line(second)))
})

test('lines survive chunks that cut them and their characters anywhere, byte by byte', () => {
  const bytes = Buffer.concat([
    Buffer.from('erste Zeile\nzweite Zeile: äöü\n'),
    Buffer.from([0xff, 0x00, 0x85]),
    Buffer.from('\nohne Ende'),
  ])
  for (let cut = 0; cut <= bytes.length; cut++) {
    const splitter = new LineSplitter()
    const lines = [...splitter.push(bytes.subarray(0, cut)), ...splitter.push(bytes.subarray(cut)), ...splitter.end()]
    const stored = lines.map(({ text }) => parseLogLine(renderLogLine({ ...line(1), text }).slice(0, -1))?.text)
    expect(Buffer.from(stored.join('\n'), 'latin1').equals(bytes)).toBe(true)
  }
})

test('a long line is stored in parts that say that it goes on', () => {
  const splitter = new LineSplitter()
  const pieces = [...splitter.push(Buffer.alloc(20_000, 'x')), ...splitter.push(Buffer.from('y\nz')), ...splitter.end()]
  expect(pieces.map(({ text, partial }) => [text.length, partial])).toEqual([
    [16_384, true],
    [3617, undefined],
    [1, undefined],
  ])
})

test('a part of a line is read as it was written', () => {
  const part = { ...line(1), partial: true as const }
  expect(parseLogLine(renderLogLine(part).slice(0, -1))).toEqual(part)
})
