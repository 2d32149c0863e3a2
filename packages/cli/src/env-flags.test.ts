import { expect, test } from 'vitest'
import { parseEnvFlags } from './env-flags.ts'

test('variables are set by "=" and taken away by "-"', () => {
  expect(parseEnvFlags(['A=1', 'B=x=y', 'C=', 'D-', 'E_F-'])).toEqual({
    set: [
      { name: 'A', value: '1' },
      { name: 'B', value: 'x=y' },
      { name: 'C', value: '' },
    ],
    unset: ['D', 'E_F'],
  })
  expect(parseEnvFlags()).toEqual({ set: [], unset: [] })
})

test.each(['A', '-', '1-', ''])('%j is neither', (flag) => {
  expect(() => parseEnvFlags([flag])).toThrow('NAME=VALUE')
})
