import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderDiff } from './diff.ts'

test('a change is shown with the lines around it', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].join('\n')
  expect(renderDiff(before, before.replace('f', 'F\nf2'))).toBe('…\n  c\n  d\n  e\n- f\n+ F\n+ f2\n  g\n  h\n  i\n')
  expect(renderDiff(before, before)).toBe('')
})

test('what is not removed and what is not added are the two texts', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = renderDiff(before.join('\n'), after.join('\n')).split('\n').slice(0, -1)
      const without = (mark: string): string[] =>
        lines.filter((line) => !line.startsWith(mark)).map((line) => line.slice(2))
      if (before.join() === after.join()) {
        expect(lines).toEqual([])
        return
      }
      expect(without('+')).toEqual(before)
      expect(without('-')).toEqual(after)
    }),
  )
})
