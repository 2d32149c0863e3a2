import type { ScannedBody } from './scan-body.ts'

/** English text has about four bytes to a token; JSON around it and other languages have fewer. */
const BYTES_PER_TOKEN = 4
/** What is reserved for an answer whose length the client does not bound. */
const DEFAULT_MAX_TOKENS = 256

/** An estimate of the tokens that a request may use, prompt and answer, to be settled when its usage is known. */
export function estimateTokens(scanned: ScannedBody, bytes: Uint8Array): number {
  return estimatePromptTokens(bytes) + (scanned.maxTokens ?? DEFAULT_MAX_TOKENS)
}

/** An estimate of the tokens of the prompt in a request body. */
export function estimatePromptTokens(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / BYTES_PER_TOKEN)
}
