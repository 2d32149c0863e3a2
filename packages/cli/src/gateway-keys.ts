import { isAlreadyExists, isConflict, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { KubeClient, Secret } from '@nexus/kube'
import { z } from 'zod'
import { runGatewayProgram } from './gateway-program.ts'
import type { Shell } from './shell.ts'

/** The Secret that holds a gateway's keys. */
export interface KeySecret {
  readonly kube: KubeClient
  readonly namespace: string
  readonly name: string
}

/** What is shown of a key: neither the key nor its digest. */
const KeyView = z.object({
  id: z.string(),
  key: z.string(),
  state: z.string(),
  projects: z.array(z.string()),
  models: z.array(z.string()).nullable(),
  limits: z.record(z.string(), z.number().nullable()),
  team: z.string().nullable(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
})
export type KeyView = z.infer<typeof KeyView>

/** What `nexus-gateway keys … --stdin` answers. */
const KeysAnswer = z.object({
  /** null: as it was. */
  document: z.string().nullable(),
  keys: z.array(KeyView),
  key: z.string().optional(),
})
export type KeysAnswer = z.infer<typeof KeysAnswer>

/** The entry of the Secret. */
const ENTRY = 'keys.yaml'
/** Others may write in between; each time it is read again. */
const ATTEMPTS = 8

/**
 * Runs `nexus-gateway keys ARGS` on the document in the Secret, which is made when there is none. Who writes at the same time
 * is waited for: no change is lost.
 *
 * @throws CliError what the program refuses; KubeApiError
 */
export async function changeKeys(secret: KeySecret, args: readonly string[], shell: Shell): Promise<KeysAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const live = await readSecret(secret, shell.signal)
    const said = await runGatewayProgram({ args: ['keys', ...args, '--stdin'], input: documentOf(live) }, shell)
    const answer = KeysAnswer.parse(JSON.parse(said))
    if (answer.document === null) return answer
    try {
      await writeSecret(secret, live, answer.document, shell.signal)
      return answer
    } catch (error) {
      if (attempt === ATTEMPTS || !(isConflict(error) || isAlreadyExists(error))) throw error
    }
  }
}

async function readSecret({ kube, ...where }: KeySecret, signal: AbortSignal): Promise<Secret | undefined> {
  try {
    return await kube.get(refTo(Kinds.Secret, where), { signal })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function documentOf(secret: Secret | undefined): string {
  return Buffer.from(secret?.data?.[ENTRY] ?? '', 'base64').toString('utf8')
}

async function writeSecret(
  { kube, name, namespace }: KeySecret,
  live: Secret | undefined,
  document: string,
  signal: AbortSignal,
): Promise<void> {
  const data = { ...live?.data, [ENTRY]: Buffer.from(document).toString('base64') }
  if (live !== undefined) return void (await kube.replace({ ...live, data }, { signal }))
  const labels = { 'app.kubernetes.io/name': 'nexus-gateway', 'app.kubernetes.io/part-of': 'nexus' }
  const metadata = { name, namespace, labels }
  await kube.create<Secret>({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data }, { signal })
}
