/** One answer of an API server, as a case sees it. */
export interface Answer {
  readonly status: number
  /** The parsed body, or its text where it is not JSON. */
  readonly body: unknown
  /** The `Warning` headers, as one; empty where there are none. */
  readonly warnings: string
}

/** One request. What is left out is as the administrator's client sends JSON. */
export interface Request {
  readonly method: string
  readonly path: string
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown
  /** Default `application/json`. */
  readonly contentType?: string
  /** Default `application/json`. */
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Whom the administrator impersonates. */
  readonly as?: { readonly user: string; readonly groups?: readonly string[] }
  /** The part of the body that is compared, where the rest is another case's business. Default: all of it. */
  readonly compared?: (body: unknown) => unknown
  /** Whether the warnings are compared, too. Default false. */
  readonly warnings?: boolean
}

/** One line of a watch. */
export interface WatchEvent {
  readonly type: string
  readonly object: unknown
}

/** One of the two servers that a case runs against. */
export interface ServerUnderTest {
  /** The case's own namespace, of the same name on both servers. Names of cluster-scoped objects begin with it. */
  readonly namespace: string
  /** Sends one request whose answer is compared. */
  readonly send: (request: Request) => Promise<Answer>
  /** Sends one request whose answer is not compared: preparations. Rejects where it is refused. */
  readonly prepare: (request: Request) => Promise<Answer>
  /** Asks again and again until `holds`, at most 60 s; the answer that holds is compared. */
  readonly until: (request: Request, holds: (answer: Answer) => boolean) => Promise<Answer>
  /**
   * Watches until `done` says that enough has come or the server ends the watch, and compares all events. `meanwhile` runs
   * when the watch has begun.
   */
  readonly watch: (
    path: string,
    done: (events: readonly WatchEvent[]) => boolean,
    meanwhile?: () => Promise<unknown>,
  ) => Promise<readonly WatchEvent[]>
}

/** A behaviour of the Kubernetes API that the sandbox shares. */
export interface ConformanceCase {
  /** A sentence: `a stale resourceVersion is refused`. */
  readonly title: string
  /** Runs in a namespace of its own; the answers of both servers are compared afterwards. */
  readonly run: (server: ServerUnderTest) => Promise<void>
  /** Whether `metadata.managedFields` are compared, too. Default false. */
  readonly managedFields?: boolean
  /** Why the two may answer differently here. Fails once they do not. */
  readonly differs?: string
}

/** The cases of one row of the report. */
export interface ConformanceArea {
  readonly area: string
  readonly cases: readonly ConformanceCase[]
  /** Its cases see the whole cluster, or count seconds: they run one after the other. Default: beside others. */
  readonly isAlone?: boolean
}
