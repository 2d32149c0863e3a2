import { createParser } from 'eventsource-parser'
import { messageOf } from '@nexus/core'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import type { CliErrorCode } from '../errors.ts'
import { findGateway } from '../gateway.ts'
import type { Gateway, GatewayFlags } from '../gateway.ts'
import { withoutControls } from '../output/table.ts'
import { readStdin } from '../shell.ts'
import type { Shell } from '../shell.ts'

export interface ChatFlags extends GatewayFlags {
  readonly system?: string
  readonly maxTokens?: number
}

/** The part of a streamed chunk that a person reads; a chunk with `error` ends the answer. */
const Chunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }).optional() })).optional(),
  error: z.object({ message: z.string() }).optional(),
})

/** The error envelope of the OpenAI API. */
const Envelope = z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) })

/** `nexus chat`: sends one message to a deployment or a model through the gateway and streams the answer to stdout. */
export async function chat(target: string, prompt: string | undefined, flags: ChatFlags, shell: Shell): Promise<void> {
  const message = prompt ?? (await promptFromStdin(shell))
  const gateway = await findGateway(flags, shell)
  // A bare name is a deployment of the project; anything with a slash is an address or a model id already.
  const model = target.includes('/') ? target : `${gateway.namespace}/${target}`
  const response = await request(gateway, model, message, flags, shell.signal)
  await streamAnswer(response, shell)
}

async function promptFromStdin(shell: Shell): Promise<string> {
  const text = shell.stdin.isTTY === true ? '' : (await readStdin(shell)).trim()
  if (text !== '') return text
  throw new CliError('NEXUS_CLI_USAGE', 'Nothing to say: no message was given', {
    hint: 'Give it as an argument, nexus chat NAME "hello", or on standard input.',
  })
}

async function request(
  gateway: Gateway,
  model: string,
  message: string,
  flags: ChatFlags,
  signal: AbortSignal,
): Promise<Response> {
  const messages = [
    ...(flags.system === undefined ? [] : [{ role: 'system', content: flags.system }]),
    { role: 'user', content: message },
  ]
  const body = { model, messages, stream: true, ...(flags.maxTokens !== undefined && { max_tokens: flags.maxTokens }) }
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.key.reveal()}` },
    body: JSON.stringify(body),
    signal,
  }).catch((cause: unknown) => {
    signal.throwIfAborted()
    throw new CliError('NEXUS_CLI_GATEWAY', `The gateway at ${gateway.url} cannot be reached`, {
      hint: 'Is it running? nexus status tells.',
      cause,
    })
  })
  if (!response.ok) throw await refusal(response, model)
  return response
}

async function refusal(response: Response, model: string): Promise<CliError> {
  const envelope = Envelope.safeParse(await response.json().catch(() => undefined)).data
  const why = envelope?.error.message ?? `HTTP ${response.status}`
  const { code, hint } = REFUSALS[envelope?.error.code ?? ''] ?? ANY_REFUSAL
  return new CliError(code, `The gateway refused the chat with ${model}: ${why}`, { hint })
}

interface Refusal {
  readonly code: CliErrorCode
  readonly hint: string
}

const ANY_REFUSAL: Refusal = { code: 'NEXUS_CLI_GATEWAY', hint: 'nexus status shows what the gateway is doing.' }

/** What to do about the codes of the gateway's errors. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  model_not_found: {
    code: 'NEXUS_CLI_MODEL_NOT_FOUND',
    hint: 'See what can be asked: nexus list -A. A deployment must be Ready to answer.',
  },
  ambiguous_model: { code: 'NEXUS_CLI_USAGE', hint: 'Name the deployment as PROJECT/NAME.' },
  invalid_api_key: { code: 'NEXUS_CLI_GATEWAY_FORBIDDEN', hint: 'Set NEXUS_API_KEY to a key of this gateway.' },
  no_healthy_upstream: { code: 'NEXUS_CLI_NOT_READY', hint: 'Wait for it: nexus list -A shows its state.' },
}

async function streamAnswer(response: Response, shell: Shell): Promise<void> {
  let broken: string | undefined
  let finished = false
  const parser = createParser({
    onEvent({ data }) {
      finished ||= data === '[DONE]'
      if (finished) return
      const chunk = Chunk.safeParse(JSON.parse(data)).data
      broken ??= chunk?.error?.message
      shell.out(withoutControls(chunk?.choices?.[0]?.delta?.content ?? ''))
    },
  })
  try {
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) parser.feed(text)
  } catch (error) {
    broken ??= messageOf(error)
  }
  shell.out('\n')
  shell.signal.throwIfAborted()
  if (broken === undefined && finished) return
  throw new CliError('NEXUS_CLI_GATEWAY', `The answer broke off: ${broken ?? 'the connection ended early'}`, {
    hint: 'What arrived is above. Try again; nexus logs NAME shows what the worker saw.',
  })
}
