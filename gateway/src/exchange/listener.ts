import type { ServerConfig } from '../config/schema.ts'
import type { Exchange } from './exchange.ts'

/** What a {@link Listener} works with. */
export interface ListenerOptions {
  readonly config: ServerConfig
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Answers one request. Never throws and never rejects: that would be a bug and ends the process. */
  readonly handle: (exchange: Exchange) => Promise<void>
  /** Told of what never became a request: the code of the answer. */
  readonly onRefused: (code: string) => void
}

/** A port that turns requests into exchanges. */
export interface Listener {
  readonly port: number
  /** From now on answers ask clients to close, and the port takes no new connections. Idle ones are closed. */
  stopAccepting(): void
  /** Resolves when the last connection is closed. */
  closed(): Promise<void>
  /** Breaks off what is still open. */
  destroy(): void
}
