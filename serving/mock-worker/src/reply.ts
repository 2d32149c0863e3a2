/** One server-sent event. */
export interface Frame {
  readonly data: object
  /** The name of the event, where the API names them. */
  readonly name?: string
  /** `opening` before the first token; `token` carries one; `closing` says that the answer is complete. */
  readonly part: 'opening' | 'token' | 'closing'
}

/** What a route makes of a request before anything is sent. */
export interface Reply {
  readonly promptTokens: number
  /** What the worker generates; 0 where nothing is. */
  readonly tokens: number
  readonly content:
    | { readonly kind: 'json'; readonly body: object }
    /** The frames are made one by one: a long answer is not held twice. */
    | { readonly kind: 'stream'; readonly frames: Iterable<Frame>; readonly done: '[DONE]' | undefined }
}
