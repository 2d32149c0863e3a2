import type { Instruments } from '../records/instruments.ts'
import type { Metrics } from './metrics.ts'

/** The instruments of the hot path, played on the metrics. */
export function createInstruments(metrics: Metrics): Instruments {
  return {
    attemptEnded: (upstream, result, ms) => {
      metrics.upstreamRequests.series(upstream, result).inc()
      metrics.upstreamLatency.series(upstream).observe(ms / 1000)
    },
    retried: (reason) => metrics.retries.series(reason).inc(),
    fellBack: (from, to) => metrics.fallbackUsed.series(from, to).inc(),
    streamBroke: (phase) => metrics.streamErrors.series(phase).inc(),
    streamOpened: () => metrics.streamsActive.series().inc(),
    streamClosed: () => metrics.streamsActive.series().inc(-1),
    firstToken: (model, upstream, ms) => metrics.timeToFirstToken.series(model, upstream).observe(ms / 1000),
    interToken: (model, ms) => metrics.interToken.series(model).observe(ms / 1000),
    tokensUsed: (model, { promptTokens, completionTokens, source }) => {
      metrics.tokens.series(model, 'prompt', source).inc(promptTokens)
      metrics.tokens.series(model, 'completion', source).inc(completionTokens)
    },
  }
}
