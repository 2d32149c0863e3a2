/** What the worker pretends to be: a plain OpenAI server, or a NIM container with its start-up and its health paths. */
export type Dress =
  | { readonly kind: 'plain' }
  | {
      readonly kind: 'nim'
      /** `nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4` */
      readonly image: string
      /** How long the pretended download of the weights takes, in milliseconds. */
      readonly startupDelayMs: number
      /** Where the pretended weights are kept; undefined: nowhere, and every start downloads again. */
      readonly cachePath: string | undefined
    }

export interface WorkerConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** The model of `/v1/models`. */
  readonly modelName: string
  /** Adapters of it, which are models of their own to a client. */
  readonly loraModels: readonly string[]
  /** The most requests answered at once; the others wait. 0: no limit. */
  readonly maxRunning: number
  /** Before an answer, in milliseconds. */
  readonly delayMs: number
  /** Between streamed tokens, in milliseconds. */
  readonly tokenDelayMs: number
  /** Share of chat requests answered with 503, from 0 to 1. */
  readonly failRate: number
  readonly dress: Dress
}

export type ConfigResult =
  { readonly ok: true; readonly config: WorkerConfig } | { readonly ok: false; readonly problems: readonly string[] }

export type Environment = Readonly<Record<string, string | undefined>>

const HOUR_MS = 3_600_000

/** Reads the environment and names every problem at once, so that one restart is enough to repair it. */
export function readConfig(env: Environment): ConfigResult {
  const problems: string[] = []
  const number = (name: string, fallback: number, most: number, whole: boolean): number => {
    const text = env[name]?.trim() ?? ''
    if (text === '') return fallback
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value <= most && (!whole || Number.isInteger(value))) return value
    problems.push(`${name} must be ${whole ? 'a whole number' : 'a number'} from 0 to ${most}, not "${text}"`)
    return fallback
  }
  const dress = readDress(env, (name, fallback) => number(name, fallback, HOUR_MS, true), problems)
  const config: WorkerConfig = {
    host: env['HOST'] || '127.0.0.1',
    port: number('PORT', dress.kind === 'nim' ? 8000 : 8001, 65_535, true),
    modelName: dress.kind === 'nim' ? modelIdOf(dress.image) : env['WORKER_MODEL_NAME'] || 'mock-worker',
    loraModels: readList(env['WORKER_LORA_MODELS']),
    maxRunning: number('WORKER_MAX_RUNNING', 0, 1_000_000, true),
    delayMs: number('WORKER_DELAY_MS', 0, HOUR_MS, true),
    tokenDelayMs: number('WORKER_TOKEN_DELAY_MS', 20, HOUR_MS, true),
    failRate: number('WORKER_FAIL_RATE', 0, 1, false),
    dress,
  }
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems }
}

function readList(text = ''): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

function readDress(env: Environment, ms: (name: string, fallback: number) => number, problems: string[]): Dress {
  const kind = env['WORKER_DRESS'] || 'plain'
  if (kind === 'plain') return { kind }
  if (kind !== 'nim') {
    problems.push(`WORKER_DRESS must be "plain" or "nim", not "${kind}"`)
    return { kind: 'plain' }
  }
  const image = env['WORKER_IMAGE'] ?? ''
  if (modelIdOf(image) === '') {
    problems.push(
      `WORKER_IMAGE must name a NIM image such as nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4, not "${image}"`,
    )
  }
  return {
    kind,
    image,
    startupDelayMs: ms('WORKER_STARTUP_DELAY_MS', 1500),
    cachePath: env['NIM_CACHE_PATH'] || undefined,
  }
}

/**
 * The model a NIM image serves: `nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4` → `meta/llama-3.1-8b-instruct`, also behind
 * a mirror (`registry.example:5000/mirror/nim/meta/…@sha256:…`). Empty when the image is none.
 */
export function modelIdOf(image: string): string {
  return /(?:^|\/)nim\/([^/:@]+\/[^/:@]+)(?::[^/:@]+)?(?:@[^/@]+)?$/.exec(image)?.[1] ?? ''
}
