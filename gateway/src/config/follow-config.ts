import { watch, type FSWatcher } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import { fileDigest } from './file.ts'
import { loadConfig, type Environment, type LoadedConfig } from './load-config.ts'

/** Writes come in bursts: a ConfigMap is swapped by several renames. */
const DEBOUNCE_MS = 250
/** A folder in which something else is written all the time, such as a log, puts a look off by so many bursts at most. */
const MAX_BURSTS = 4
/** A watch can go deaf: its folder is replaced, or the file is a link to one elsewhere. */
const LOOK_MS = 10_000

/** What following the configuration needs. */
export interface FollowOptions {
  /** What is in force: a file that has changed since is read at once. */
  readonly loaded: LoadedConfig
  /** The changed configuration; it is valid. */
  readonly onConfig: (loaded: LoadedConfig) => void
  /** The changed file is not valid or not there, and why: a `ConfigError` as a rule. What was in force stays. */
  readonly onProblem: (problem: unknown) => void
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** Ends it. */
  readonly signal: AbortSignal
  /** Default: 250 ms of silence before a change counts, or a second of unrest; and a look at the file every 10 s anyway. */
  readonly times?: { readonly debounceMs: number; readonly lookMs: number }
}

/** A configuration that is followed. */
export interface ConfigFollower {
  /** Looks at the file now, as on SIGHUP. */
  reload(): void
}

/**
 * Follows the file that `GATEWAY_CONFIG_FILE` names until `signal` is aborted: reads it again when its content has
 * changed, and on SIGHUP. Each content is tried once. The folder is watched and not the file, since a mounted ConfigMap
 * changes by the swap of a link beside it. Without a file there is nothing to follow; variables change with the process.
 */
export function followConfig(env: Environment, options: FollowOptions): ConfigFollower {
  const follower = new Follower(env, options)
  const reload = (): void => follower.reload()
  process.on('SIGHUP', reload)
  options.signal.addEventListener('abort', () => process.off('SIGHUP', reload), { once: true })
  return follower
}

class Follower implements ConfigFollower {
  readonly #env: Environment
  readonly #options: FollowOptions
  readonly #path: string | undefined
  #inForce: string | undefined
  #tried: string | undefined
  #debounce: NodeJS.Timeout | undefined
  /** When the changes of the folder began that no look has followed yet. */
  #changedMs: number | undefined
  #watcher: FSWatcher | undefined

  constructor(env: Environment, options: FollowOptions) {
    this.#env = env
    this.#options = options
    this.#path = options.loaded.file?.path
    this.#inForce = this.#tried = options.loaded.file?.digest
    if (this.#path === undefined || options.signal.aborted) return
    const look = setInterval(() => {
      this.#watch()
      this.#look()
    }, options.times?.lookMs ?? LOOK_MS)
    look.unref()
    options.signal.addEventListener('abort', () => this.#stop(look), { once: true })
    this.#watch()
    this.#look()
  }

  reload(): void {
    const { log, signal } = this.#options
    if (signal.aborted) return
    if (this.#path === undefined)
      log.info({ event: 'config_unchanged' }, 'there is no GATEWAY_CONFIG_FILE to read again')
    else if (!this.#look()) log.info({ event: 'config_unchanged' }, this.#describeUnchanged())
  }

  #describeUnchanged(): string {
    const isInForce = this.#tried === this.#inForce
    return `the configuration file has not changed${isInForce ? '' : ' since it was refused: the old one stays'}`
  }

  #stop(look: NodeJS.Timeout): void {
    clearInterval(look)
    clearTimeout(this.#debounce)
    this.#watcher?.close()
    this.#watcher = undefined
  }

  /** Watches the folder, unless that is under way; a folder that is gone is watched when it is there again. */
  #watch(): void {
    if (this.#watcher !== undefined || this.#path === undefined) return
    try {
      const watcher = watch(dirname(this.#path), () => this.#noteChange())
      const forget = (): void => {
        watcher.close()
        if (this.#watcher === watcher) this.#watcher = undefined
      }
      watcher.on('error', forget)
      this.#watcher = watcher
    } catch {
      // There is no such folder now. The regular look will find it.
    }
  }

  #noteChange(): void {
    const debounceMs = this.#options.times?.debounceMs ?? DEBOUNCE_MS
    const nowMs = performance.now()
    this.#changedMs ??= nowMs
    clearTimeout(this.#debounce)
    this.#debounce = setTimeout(
      () => {
        this.#changedMs = undefined
        this.#look()
      },
      Math.min(debounceMs, this.#changedMs + MAX_BURSTS * debounceMs - nowMs),
    )
  }

  /** Tries the file, if its content is another than the one that was tried last. */
  #look(): boolean {
    if (this.#path === undefined || this.#options.signal.aborted) return false
    const digest = fileDigest(this.#path)
    if (digest === this.#tried) return false
    this.#tried = digest
    if (digest !== undefined && digest === this.#inForce) {
      this.#options.log.info({ event: 'config_restored' }, 'the configuration file is again what is in force')
    } else this.#load()
    return true
  }

  #load(): void {
    const { onConfig, onProblem, log } = this.#options
    try {
      const loaded = loadConfig(this.#env)
      this.#inForce = this.#tried = loaded.file?.digest
      onConfig(loaded)
    } catch (error) {
      log.warn(
        { event: 'config_refused', problem: messageOf(error) },
        'the changed configuration is not valid: the old one stays',
      )
      onProblem(error)
    }
  }
}
