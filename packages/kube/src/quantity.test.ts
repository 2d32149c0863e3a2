import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareQuantities, parseQuantity } from './quantity.ts'

test.each([
  ['50Gi', '51200Mi'],
  ['1Ki', '1024'],
  ['1k', '1000'],
  ['500m', '0.5'],
  ['1.5', '1500m'],
  ['.5', '500m'],
  ['5.', '5'],
  ['1e3', '1k'],
  ['12E-1', '1.2'],
  ['1E', '1000P'],
  ['8Ei', '9223372036854775808'],
  ['1500u', '1500000n'],
  ['+2', '2'],
  ['-1Gi', '-1024Mi'],
  ['0.0000000001', '1n'],
])('%s is %s', (a, b) => {
  expect(compareQuantities(a, b)).toBe(0)
})

test.each([
  ['1Gi', '1G', 1],
  ['100m', 1, -1],
  [4, '4', 0],
  ['-1', '0', -1],
  // Numbers would call these two equal.
  ['9007199254740993', '9007199254740992', 1],
])('%s compared with %s is %i', (a, b, expected) => {
  expect(compareQuantities(a, b)).toBe(expected)
})

test.each(['', '.', '50 Gi', '50GiB', '50gi', 'abc', '1e', 'e3', '0x10', '1e3Ki', 'NaN', '１'])(
  'refuses "%s" and quotes it',
  (text) => {
    expect(() => parseQuantity(text)).toThrow(`"${text}" is not a quantity`)
  },
)

test('a quantity in milliunits is the same amount as in units', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (amount) => {
      return parseQuantity(`${amount * 1000n}m`).nanos === parseQuantity(String(amount)).nanos
    }),
  )
})
