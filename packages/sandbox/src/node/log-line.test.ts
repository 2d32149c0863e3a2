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

test('lines survive chunks that cut them and their characters anywhere', () => {
  const bytes = Buffer.from('erste Zeile\nzweite Zeile: äöü\nohne Ende')
  for (let cut = 0; cut <= bytes.length; cut++) {
    const splitter = new LineSplitter()
    const lines = [...splitter.push(bytes.subarray(0, cut)), ...splitter.push(bytes.subarray(cut)), ...splitter.end()]
    expect(lines).toEqual(['erste Zeile', 'zweite Zeile: äöü', 'ohne Ende'])
  }
})

test('a line without end is cut', () => {
  const splitter = new LineSplitter()
  expect(splitter.push(Buffer.alloc(20_000, 'x'))).toHaveLength(1)
  expect(splitter.end()).toEqual([])
})
