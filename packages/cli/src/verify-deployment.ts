import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '@nexus/core'
import type { NodeKubeClient } from '@nexus/kube/node'
import type { DeploymentRef } from '@nexus/nim-serving'
import { z } from 'zod'
import { CliError } from './errors.ts'
import { findGateway } from './gateway.ts'
import type { Gateway, GatewayFlags } from './gateway.ts'
import type { Shell } from './shell.ts'

/** A gateway learns of new pods, and of a limit's end, a little later. */
const PATIENCE_MS = 90_000
const PAUSE_MS = 1000

/** What one request came to: an answer of the deployment, or why there is none; `final` where asking again cannot help. */
type Answer = { readonly answered: true } | { readonly answered: false; readonly why: string; readonly final?: boolean }

/** Sends a deployment one request and resolves when the deployment itself has answered it. */
export type VerifyDeployment = (ref: DeploymentRef, signal?: AbortSignal) => Promise<void>

/**
 * The way to ask a deployment: through the gateway of the flags, else through the API server.
 *
 * @throws CliError for a gateway address that is none
 */
export async function deploymentVerifier(
  kube: Pick<NodeKubeClient, 'transport'>,
  flags: GatewayFlags,
  shell: Shell,
): Promise<VerifyDeployment> {
  const gateway = await findGateway(flags, shell).catch((thrown: unknown) => {
    if (thrown instanceof CliError && thrown.code === 'NEXUS_CLI_NO_GATEWAY') return undefined
    throw thrown
  })
  return gateway === undefined
    ? (ref, signal) => askUntilAnswered(() => askThroughServer(kube, ref, signal), signal)
    : (ref, signal) => askUntilAnswered(() => askThroughGateway(gateway, ref, signal), signal)
}

async function askUntilAnswered(ask: () => Promise<Answer>, signal: AbortSignal | undefined): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask().catch((error: unknown): Answer => ({ answered: false, why: messageOf(error) }))
    if (answer.answered) return
    signal?.throwIfAborted()
    if (answer.final === true || Date.now() > deadline) throw new Error(answer.why)
    await delay(PAUSE_MS, undefined, { signal })
  }
}

/** The error envelope of the OpenAI API. */
const Envelope = z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) })

/** One token of chat. A model that does not chat says so itself, which is an answer, too. */
async function askThroughGateway(
  { url, key }: Gateway,
  { name, project }: DeploymentRef,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key.reveal()}` },
    body: JSON.stringify({
      model: `${project}/${name}`,
      messages: [{ role: 'user', content: 'hello' }],
      max_tokens: 1,
    }),
    ...(signal !== undefined && { signal }),
  })
  const { error } = Envelope.safeParse(await response.json().catch(() => undefined)).data ?? {}
  const { status } = response
  const isGatewaysOwn = [401, 403, 404, 429].includes(status) || status >= 500
  if (!isGatewaysOwn) return { answered: true }
  const why = `the gateway says: ${error?.message ?? `HTTP ${status}`}`
  return { answered: false, why, final: status === 401 || status === 403 }
}

/** The list of its models, through the proxy of the API server. */
async function askThroughServer(
  kube: Pick<NodeKubeClient, 'transport'>,
  { name, project }: DeploymentRef,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const path = `/api/v1/namespaces/${project}/services/http:${name}-predictor:80/proxy/v1/models`
  const { status } = await kube.transport.call({ method: 'GET', path, headers: { accept: '*/*' }, signal })
  if (status < 400) return { answered: true }
  if (status >= 500) return { answered: false, why: `the API server answers ${status} for its Service` }
  const advice = 'name a gateway with --gateway-url and NEXUS_API_KEY, or add --skip-verify'
  return { answered: false, final: true, why: `the API server answers ${status} for its Service; ${advice}` }
}
