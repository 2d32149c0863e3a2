import { setTimeout as delay } from 'node:timers/promises'
import type { Container, LifecycleHandler } from '@nexus/kube'
import { probeHttpGet } from '../probes/probe-target.ts'
import type { ContainerSockets } from '../probes/probe-target.ts'
import { timerMs } from '../../timers.ts'

/** What an HTTP hook waits for its answer at most. */
const HTTP_HOOK_MS = 30_000

/**
 * Runs a hook of a container to its end, or until `signal` aborts. Answers why it failed, or undefined where it did not.
 */
export async function runHook(
  handler: LifecycleHandler,
  container: Container,
  sockets: ContainerSockets,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (handler.sleep) {
    await delay(timerMs(handler.sleep.seconds), undefined, { signal }).catch(() => {})
    return undefined
  }
  if (handler.exec) {
    const result = await sockets.exec(handler.exec.command ?? [], signal)
    if (result === undefined || result.exitCode === 0 || signal.aborted) return undefined
    return `command exited with ${result.exitCode}: ${result.output}`
  }
  if (handler.httpGet === undefined) return undefined
  const result = await probeHttpGet(handler.httpGet, container, sockets, HTTP_HOOK_MS)
  return result.ok ? undefined : result.message
}
