import type { LiveLabels } from './live-labels.ts'

/** Nothing is known to be gone. */
const NO_LABELS: LiveLabels = new Map()

/** What a metric is called and says. */
export interface MetricDescription {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

/** A series and its labels. */
interface Entry<Series> {
  readonly values: readonly string[]
  readonly series: Series
  /** What was shown of it last, since it is of something gone. */
  lastShown: string | undefined
}

/**
 * Counters and histograms that every request touches. prom-client hashes the labels at each observation, which took
 * more time than the rest of a request's bookkeeping; here a series is looked up once or found by its label values.
 */
abstract class Family<Series> implements MetricDescription {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly #series = new Map<string, Entry<Series>>()

  constructor(name: string, help: string, labels: readonly string[] = []) {
    this.name = name
    this.help = help
    this.labels = labels
  }

  /**
   * The series of these label values, in the order of the labels. They come from sets that requests cannot widen. Not to
   * be kept by who asks: one of something gone is forgotten.
   */
  series(...values: string[]): Series {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\n')
    const known = this.#series.get(key)
    if (known !== undefined) return known.series
    const series = this.create()
    this.#series.set(key, { values, series, lastShown: undefined })
    return series
  }

  /** Forgets all series. */
  protected clear(): void {
    this.#series.clear()
  }

  /**
   * The text format of Prometheus. A series of something gone is shown until its last numbers have been, and then
   * forgotten: calls that were under way still count.
   */
  render(live: LiveLabels = NO_LABELS): string {
    // What can only be one number is there from the start: a rate over its first change needs the 0 before it.
    if (this.labels.length === 0) this.series()
    const lines = [`# HELP ${this.name} ${this.help}`, `# TYPE ${this.name} ${this.type}`]
    for (const [key, entry] of this.#series) {
      const text = this.#linesOf(entry)
      const isGone = !this.#isLive(entry, live)
      if (isGone && entry.lastShown === text) {
        this.#series.delete(key)
        continue
      }
      entry.lastShown = isGone ? text : undefined
      lines.push(text)
    }
    return `${lines.join('\n')}\n`
  }

  #linesOf({ values, series }: Entry<Series>): string {
    const labels = this.labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? '')}"`)
    return this.lines(this.name, labels, series).join('\n')
  }

  #isLive({ values }: Entry<Series>, live: LiveLabels): boolean {
    return this.labels.every((label, index) => live.get(label)?.has(values[index] ?? '') ?? true)
  }

  abstract readonly type: MetricDescription['type']
  protected abstract create(): Series
  protected abstract lines(name: string, labels: readonly string[], series: Series): string[]
}

/** A number that only grows. */
export class CounterSeries {
  value = 0

  inc(by = 1): void {
    this.value += by
  }
}

/** Counters of one name. */
export class CounterFamily extends Family<CounterSeries> {
  readonly type: MetricDescription['type'] = 'counter'

  protected create(): CounterSeries {
    return new CounterSeries()
  }

  protected lines(name: string, labels: readonly string[], { value }: CounterSeries): string[] {
    return [`${name}${braced(labels)} ${value}`]
  }
}

/** A number that goes up and down. */
export class GaugeFamily extends CounterFamily {
  override readonly type = 'gauge'
}

/** Observations by size. */
export class HistogramSeries {
  readonly bounds: readonly number[]
  /** One for each bound and one for what is larger than all. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const { bounds, counts } = this
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (value <= (bounds[middle] ?? Infinity)) high = middle
      else low = middle + 1
    }
    counts[low] = (counts[low] ?? 0) + 1
    this.sum += value
  }
}

/** Histograms of one name. */
export class HistogramFamily extends Family<HistogramSeries> {
  readonly type = 'histogram'
  readonly #bounds: readonly number[]

  /** @param bounds upper bounds, rising */
  constructor(name: string, help: string, bounds: readonly number[], labels: readonly string[] = []) {
    super(name, help, labels)
    this.#bounds = bounds
  }

  protected create(): HistogramSeries {
    return new HistogramSeries(this.#bounds)
  }

  protected lines(name: string, labels: readonly string[], { bounds, counts, sum }: HistogramSeries): string[] {
    let total = 0
    const buckets = Array.from(counts, (count, index) => {
      total += count
      return `${name}_bucket${braced([...labels, `le="${bounds[index] ?? '+Inf'}"`])} ${total}`
    })
    return [...buckets, `${name}_sum${braced(labels)} ${sum}`, `${name}_count${braced(labels)} ${total}`]
  }
}

/** What a gauge is when somebody asks: its label values, in the order of the labels, and the number. */
export type Reading = readonly [values: readonly string[], value: number]

/** A gauge that is read from what it tells of, at the moment somebody asks. Shows nothing before it has a source. */
export class ReadGauge extends Family<CounterSeries> {
  /** Gives all readings of now. */
  source: (() => Iterable<Reading>) | undefined
  readonly type = 'gauge'

  override render(): string {
    this.clear()
    for (const [values, value] of this.source?.() ?? []) this.series(...values).value = value
    return super.render()
  }

  protected create(): CounterSeries {
    return new CounterSeries()
  }

  protected lines(name: string, labels: readonly string[], { value }: CounterSeries): string[] {
    return [`${name}${braced(labels)} ${value}`]
  }
}

function braced(labels: readonly string[]): string {
  return labels.length === 0 ? '' : `{${labels.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
