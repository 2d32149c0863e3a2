import type { UpstreamCall, UpstreamClient } from '../client/upstream-client.ts'
import type { UpstreamSettings } from '../config/schema/upstreams.ts'

type HealthSettings = UpstreamSettings['health']

/** The longest body of a health answer that is read, so that its connection ends in order. */
const MOST_BODY_BYTES = 64 * 1024

/** The first check of an endpoint comes within this time, however long its interval. */
const FIRST_CHECK_MS = 1_000

/** Intervals vary by this share, so that replicas and endpoints do not check in step. */
const JITTER = 0.2

/** What the results of checks in a row amount to. */
export class HealthCount {
  isHealthy = true
  #differing = 0

  /** Takes a result; as many as the settings ask for, in a row, turn the verdict. Returns it. */
  note(passed: boolean, { healthy, unhealthy }: Pick<HealthSettings, 'healthy' | 'unhealthy'>): boolean {
    this.#differing = passed === this.isHealthy ? 0 : this.#differing + 1
    if (this.#differing >= (this.isHealthy ? unhealthy : healthy)) {
      this.isHealthy = passed
      this.#differing = 0
    }
    return this.isHealthy
  }
}

/**
 * Asks a server once whether it is well. It is, unless it does not answer in time or answers 5xx: one that knows neither
 * path, or wants a credential, is alive. Never a completion: those cost.
 */
export async function checkHealth(client: UpstreamClient, settings: HealthSettings): Promise<boolean> {
  const deadline = new Deadline(settings.timeoutMs)
  try {
    const status = await deadline.run((watch) => getStatus(client, settings.path, watch))
    if (status !== 404) return status < 500
    return (await deadline.run((watch) => getStatus(client, settings.fallbackPath, watch))) < 500
  } catch {
    return false
  } finally {
    deadline.end()
  }
}

/** Aborts the call that it watches when the time of a check is over. */
class Deadline {
  #call: UpstreamCall | undefined
  #isOver = false
  readonly #timer: NodeJS.Timeout

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.#isOver = true
      this.#call?.abort(new Error(`no health answer in ${ms} ms`))
    }, ms).unref()
  }

  async run(ask: (watch: (call: UpstreamCall) => void) => Promise<number>): Promise<number> {
    if (this.#isOver) throw new Error('the time for the health check is over')
    return ask((call) => (this.#call = call))
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

async function getStatus(client: UpstreamClient, path: string, watch: (call: UpstreamCall) => void): Promise<number> {
  const headers = { accept: '*/*', 'user-agent': 'nexus-gateway-health' }
  const call = client.start({ method: 'GET', path, headers, body: [] })
  watch(call)
  const { status } = await call.head()
  await discard(call)
  return status
}

async function discard(call: UpstreamCall): Promise<void> {
  let read = 0
  for (let chunk = await call.read(); chunk !== undefined; chunk = await call.read()) {
    read += chunk.length
    if (read > MOST_BODY_BYTES) return call.abort(new Error('the health answer is too long'))
  }
}

/** What the checks of one endpoint need. */
export interface HealthCheckOptions {
  /** Of its own: a check must not wait behind calls. It is closed with the checks. */
  readonly client: UpstreamClient
  /** Read anew before each check. */
  readonly settings: () => HealthSettings
  readonly onVerdict: (isHealthy: boolean) => void
  /** From 0 up to, not including, 1. */
  readonly random?: () => number
}

/** Checks one endpoint again and again until it is closed. Keeps no process alive. */
export class HealthCheck {
  readonly #client: UpstreamClient
  readonly #settings: () => HealthSettings
  readonly #onVerdict: (isHealthy: boolean) => void
  readonly #random: () => number
  readonly #count = new HealthCount()
  #timer: NodeJS.Timeout
  #isClosed = false

  constructor({ client, settings, onVerdict, random = Math.random }: HealthCheckOptions) {
    this.#client = client
    this.#settings = settings
    this.#onVerdict = onVerdict
    this.#random = random
    this.#timer = this.#after(random() * Math.min(FIRST_CHECK_MS, settings().intervalMs))
  }

  /** Ends the check under way too. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#client.close()
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#check(), ms).unref()
  }

  async #check(): Promise<void> {
    const settings = this.#settings()
    const passed = !settings.enabled || (await checkHealth(this.#client, settings))
    if (this.#isClosed) return
    const { intervalMs } = settings
    this.#timer = this.#after(intervalMs * (1 - JITTER + 2 * JITTER * this.#random()))
    this.#onVerdict(
      settings.enabled ? this.#count.note(passed, settings) : this.#count.note(true, { healthy: 1, unhealthy: 1 }),
    )
  }
}
