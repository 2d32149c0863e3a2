import { expect, test } from 'vitest'
import { nameIn, readTable } from '../testing/reference.ts'
import { createMetrics } from './metrics.ts'

test('docs/reference/gateway-records.md lists every metric as it is', async () => {
  const rows = await readTable('gateway-records.md', 'Metrics')
  const documented = rows.map(([name, type, labels, meaning]) => [nameIn(name), type, labels, meaning])
  const actual = createMetrics()
    .describe()
    .map(({ name, type, labels, help }) => [name, type, labels.map((label) => `\`${label}\``).join(', '), help])
  expect(documented).toEqual(actual)
})
