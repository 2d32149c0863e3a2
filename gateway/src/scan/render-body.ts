import type { ScannedBody, Splice } from './scan-body.ts'

/** What may differ between the client's body and the one that is sent. */
export interface RenderOptions {
  /** The name under which the upstream serves the model. */
  readonly model: string
  /** Ask for usage in the stream; without effect where the body has no `usageSplice`. */
  readonly injectUsage: boolean
}

/**
 * A scanned body as it is sent: the client's own bytes around the model's name, and the wish for usage. The pieces are
 * views, so that a long prompt is not copied.
 */
export function renderBody(bytes: Uint8Array, scanned: ScannedBody, options: RenderOptions): Uint8Array[] {
  const usage = options.injectUsage ? scanned.usageSplice : undefined
  const { model } = scanned
  if (options.model === model.value) return usage === undefined ? [bytes] : splice(bytes, [usage])
  const renamed = { start: model.start, end: model.end, text: Buffer.from(JSON.stringify(options.model)) }
  if (usage === undefined) return splice(bytes, [renamed])
  return splice(bytes, usage.start < renamed.start ? [usage, renamed] : [renamed, usage])
}

function splice(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let from = 0
  for (const { start, end, text } of splices) {
    pieces.push(bytes.subarray(from, start), text)
    from = end
  }
  pieces.push(bytes.subarray(from))
  return pieces
}
