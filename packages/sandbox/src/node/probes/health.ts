import { setTimeout as delay } from 'node:timers/promises'
import type { Container, Probe } from '@nexus/kube'
import { countResult, noResults, verdictOf } from './probe-count.ts'
import type { ProbeResult } from './probe-count.ts'
import { timerMs } from '../../timers.ts'
import { runProbe } from './probe-target.ts'
import type { ContainerSockets } from './probe-target.ts'

const DEFAULT_PERIOD_SECONDS = 10
/** Between two probes that count, a container that has not passed yet is asked this often whether it passes now. */
const EAGER_MS = 200

export type ProbeKind = 'startup' | 'readiness' | 'liveness'

export type HealthReport =
  | { readonly type: 'started' }
  | { readonly type: 'ready'; readonly ready: boolean }
  /** The threshold is reached: the container has to end. */
  | { readonly type: 'failed'; readonly kind: 'startup' | 'liveness' }
  /** One probe failed. */
  | { readonly type: 'unhealthy'; readonly kind: ProbeKind; readonly message: string }

export interface HealthWatch {
  readonly container: Container
  readonly sockets: ContainerSockets
  /** Ends with the container's process. */
  readonly signal: AbortSignal
  readonly report: (report: HealthReport) => void
}

/**
 * Probes a running container as a kubelet does: the startup probe first and alone, then readiness and liveness side by
 * side. A missing probe passes at once. Resolves when the container ends or has to end.
 */
export async function watchHealth(watch: HealthWatch): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = watch.container
  try {
    if (startupProbe !== undefined && !(await hasStarted(startupProbe, watch))) return
    watch.report({ type: 'started' })
    if (readinessProbe === undefined) watch.report({ type: 'ready', ready: true })
    await Promise.all([
      readinessProbe === undefined ? undefined : followReadiness(readinessProbe, watch),
      livenessProbe === undefined ? undefined : followLiveness(livenessProbe, watch),
    ])
  } catch (error) {
    if (!watch.signal.aborted) throw error
  }
}

async function hasStarted(probe: Probe, watch: HealthWatch): Promise<boolean> {
  for await (const verdict of verdicts('startup', probe, watch)) {
    if (verdict === 'success') return true
    watch.report({ type: 'failed', kind: 'startup' })
    return false
  }
  return false
}

async function followReadiness(probe: Probe, watch: HealthWatch): Promise<void> {
  let ready = false
  for await (const verdict of verdicts('readiness', probe, watch)) {
    if (ready === (verdict === 'success')) continue
    ready = !ready
    watch.report({ type: 'ready', ready })
  }
}

async function followLiveness(probe: Probe, watch: HealthWatch): Promise<void> {
  for await (const verdict of verdicts('liveness', probe, watch)) {
    if (verdict === 'success') continue
    watch.report({ type: 'failed', kind: 'liveness' })
    return
  }
}

/** The verdict after each probe that reaches a threshold. */
async function* verdicts(
  kind: ProbeKind,
  probe: Probe,
  watch: HealthWatch,
): AsyncGenerator<'success' | 'failure', void, void> {
  const periodMs = timerMs(probe.periodSeconds ?? DEFAULT_PERIOD_SECONDS)
  let count = noResults
  await delay(timerMs(probe.initialDelaySeconds ?? 0), undefined, { signal: watch.signal })
  for (;;) {
    const next = Date.now() + periodMs
    let result = await runProbe(probe, watch.container, watch.sockets)
    watch.signal.throwIfAborted()
    if (!result.ok) watch.report({ type: 'unhealthy', kind, message: result.message })
    count = countResult(count, result.ok)
    const verdict = verdictOf(count, probe)
    if (verdict !== undefined) yield verdict
    if (kind !== 'liveness' && !result.ok) {
      result = await passesBefore(next, probe, watch)
      if (result.ok) {
        count = countResult(count, true)
        if (verdictOf(count, probe) === 'success') yield 'success'
      }
    }
    await delay(Math.max(0, next - Date.now()), undefined, { signal: watch.signal })
  }
}

/**
 * Local programs start in a blink, and a period of ten seconds would hide it: a probe that fails is tried again in
 * between. Only a success counts there, so that thresholds of failures mean what they say.
 */
async function passesBefore(deadline: number, probe: Probe, watch: HealthWatch): Promise<ProbeResult> {
  let result: ProbeResult = { ok: false, message: '' }
  while (!result.ok && Date.now() + EAGER_MS < deadline) {
    await delay(EAGER_MS, undefined, { signal: watch.signal })
    result = await runProbe(probe, watch.container, watch.sockets)
    watch.signal.throwIfAborted()
  }
  return result
}
