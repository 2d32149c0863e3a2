import { describe, expect, test } from 'vitest'
import { CounterFamily, GaugeFamily, HistogramFamily, ReadGauge } from './family.ts'

test('a counter counts each combination of labels by itself', () => {
  const family = new CounterFamily('calls_total', 'Calls.', ['model', 'status'])
  family.series('a', '200').inc()
  family.series('a', '200').inc(2)
  family.series('a', '500').inc()
  expect(family.render()).toBe(
    '# HELP calls_total Calls.\n# TYPE calls_total counter\n' +
      'calls_total{model="a",status="200"} 3\ncalls_total{model="a",status="500"} 1\n',
  )
})

test('a gauge without labels goes up and down', () => {
  const family = new GaugeFamily('open', 'Open.')
  family.series().inc()
  family.series().inc()
  family.series().inc(-1)
  expect(family.render()).toBe('# HELP open Open.\n# TYPE open gauge\nopen 1\n')
})

test('what has no labels is there from the start', () => {
  expect(new CounterFamily('calls_total', 'Calls.').render()).toContain('\ncalls_total 0\n')
  expect(new CounterFamily('calls_total', 'Calls.', ['model']).render()).not.toMatch(/^calls_total/m)
})

test('a histogram counts up to and with each bound, and everything at last', () => {
  const family = new HistogramFamily('seconds', 'Time.', [0.1, 1], ['route'])
  for (const value of [0.05, 0.1, 0.5, 1, 7]) family.series('/x').observe(value)
  expect(family.render().split('\n').slice(2, -1)).toEqual([
    'seconds_bucket{route="/x",le="0.1"} 2',
    'seconds_bucket{route="/x",le="1"} 4',
    'seconds_bucket{route="/x",le="+Inf"} 5',
    'seconds_sum{route="/x"} 8.65',
    'seconds_count{route="/x"} 5',
  ])
})

test('label values cannot end their quotes or their line', () => {
  const family = new CounterFamily('calls_total', 'Calls.', ['model'])
  family.series('a"b\\c\nd').inc()
  expect(family.render()).toContain('calls_total{model="a\\"b\\\\c\\nd"} 1\n')
})

describe('series of what is gone', () => {
  const seriesIn = (text: string): string[] => text.split('\n').slice(2, -1)
  const live = new Map([['upstream', new Set(['a'])]])

  test('are shown once more, so that their last numbers are seen, and then no longer', () => {
    const family = new CounterFamily('calls_total', 'Calls.', ['upstream', 'status'])
    family.series('a', 'success').inc()
    family.series('b', 'success').inc()
    const [kept, gone] = [
      'calls_total{upstream="a",status="success"} 1',
      'calls_total{upstream="b",status="success"} 1',
    ]
    expect(seriesIn(family.render())).toEqual([kept, gone])
    expect(seriesIn(family.render(live))).toEqual([kept, gone])
    expect(seriesIn(family.render(live))).toEqual([kept])
    expect(seriesIn(family.render())).toEqual([kept])
  })

  test('stay while calls that were under way still count', () => {
    const family = new HistogramFamily('seconds', 'Time.', [1], ['upstream'])
    for (const count of [1, 2]) {
      family.series('b').observe(0.5)
      expect(seriesIn(family.render(live))).toContain(`seconds_count{upstream="b"} ${count}`)
    }
    expect(seriesIn(family.render(live))).toEqual([])
  })

  test('go on where they were when it is back before they were forgotten, else from 0', () => {
    const family = new CounterFamily('calls_total', 'Calls.', ['upstream'])
    const count = (): void => family.series('b').inc()
    count()
    family.render(live)
    family.render()
    count()
    expect(seriesIn(family.render(live))).toEqual(['calls_total{upstream="b"} 2'])
    family.render(live)
    count()
    expect(seriesIn(family.render())).toEqual(['calls_total{upstream="b"} 1'])
  })
})

test('a gauge that is read shows what is there now, and nothing that was', () => {
  const family = new ReadGauge('in_flight', 'Calls.', ['endpoint'])
  expect(family.render()).toBe('# HELP in_flight Calls.\n# TYPE in_flight gauge\n')
  family.source = () => [
    [['a'], 1],
    [['b'], 2],
  ]
  expect(family.render()).toContain('in_flight{endpoint="a"} 1\nin_flight{endpoint="b"} 2\n')
  family.source = () => [[['b'], 0]]
  expect(family.render()).not.toContain('endpoint="a"')
  expect(family.render()).toContain('in_flight{endpoint="b"} 0\n')
})
