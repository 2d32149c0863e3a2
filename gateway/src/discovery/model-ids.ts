import { Agent, request } from 'undici'
import { z } from 'zod'
import type { ServedModel } from '../routing/snapshot.ts'

const ModelList = z.object({ data: z.array(z.unknown()) })
const ModelId = z.string().min(1).max(512)

/** vLLM names the model that an adapter is for in `parent`, NIM in `root`, where others name a folder. */
const Model = z.object({ id: ModelId, parent: ModelId.nullish().catch(null), root: ModelId.nullish().catch(null) })

/** More than a server with many adapters has; what comes after is reached by the deployment's address alone. */
const MAX_IDS = 1_000

/** How long and how large an answer may be. */
interface AnswerLimits {
  readonly totalMs: number
  readonly sizeBytes: number
}

const ANSWER_LIMITS: AnswerLimits = { totalMs: 5_000, sizeBytes: 1024 * 1024 }

/** Asks servers which models they serve. */
export interface ModelLister {
  /**
   * The models of a server's `GET /v1/models`, as it orders them, the first 1,000; empty for a server without that path.
   *
   * @throws Error when the server cannot be asked or answers something else
   */
  list(baseUrl: string, signal: AbortSignal): Promise<ServedModel[]>
  close(): Promise<void>
}

/** A {@link ModelLister} over HTTP. An answer has 5 s and 1 MiB by default. */
export function createModelLister({ totalMs, sizeBytes }: AnswerLimits = ANSWER_LIMITS): ModelLister {
  const agent = new Agent({
    connect: { timeout: 2_000 },
    allowH2: false,
    maxResponseSize: sizeBytes,
    keepAliveTimeout: 1_000,
  })
  return {
    list: (baseUrl, signal) => listModels(agent, baseUrl, AbortSignal.any([signal, AbortSignal.timeout(totalMs)])),
    close: () => agent.destroy(),
  }
}

async function listModels(agent: Agent, baseUrl: string, signal: AbortSignal): Promise<ServedModel[]> {
  const { statusCode, body } = await request(`${baseUrl}/v1/models`, { dispatcher: agent, signal })
  if (statusCode === 200) return readModels(await body.json())
  await body.dump()
  if (statusCode === 404 || statusCode === 405) return []
  throw new Error(`${baseUrl}/v1/models answered ${statusCode}`)
}

/** An entry that is no model is passed over: one odd adapter must not hide the others. */
function readModels(answer: unknown): ServedModel[] {
  const list = ModelList.safeParse(answer)
  if (!list.success) throw new Error('the answer is not a list of models')
  const models = list.data.data
    .slice(0, MAX_IDS)
    .map((entry) => Model.safeParse(entry).data)
    .filter((model) => model !== undefined)
  const ids = new Set(models.map(({ id }) => id))
  return models.map(({ id, parent, root }) => {
    const base = parent ?? (typeof root === 'string' && ids.has(root) ? root : id)
    return { id, base: base === id ? undefined : base }
  })
}
