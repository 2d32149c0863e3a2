import { Agent, request } from 'undici'
import { z } from 'zod'

const ModelList = z.object({ data: z.array(z.object({ id: z.string().min(1).max(512) })).max(1000) })

/** Asks servers which models they serve. */
export interface ModelLister {
  /**
   * The ids of a server's `GET /v1/models`, as it orders them; empty for a server without that path.
   *
   * @throws Error when the server cannot be asked or answers something else
   */
  list(baseUrl: string, signal: AbortSignal): Promise<string[]>
  close(): Promise<void>
}

/** A {@link ModelLister} over HTTP. An answer has 5 s and 1 MiB. */
export function createModelLister(): ModelLister {
  const agent = new Agent({
    connect: { timeout: 2_000 },
    allowH2: false,
    headersTimeout: 5_000,
    bodyTimeout: 5_000,
    maxResponseSize: 1024 * 1024,
    keepAliveTimeout: 1_000,
  })
  return {
    list: (baseUrl, signal) => listModelIds(agent, baseUrl, signal),
    close: () => agent.destroy(),
  }
}

async function listModelIds(agent: Agent, baseUrl: string, signal: AbortSignal): Promise<string[]> {
  const response = await request(`${baseUrl}/v1/models`, { dispatcher: agent, signal })
  if (response.statusCode === 404 || response.statusCode === 405) {
    await response.body.dump()
    return []
  }
  if (response.statusCode !== 200) {
    await response.body.dump()
    throw new Error(`${baseUrl}/v1/models answered ${response.statusCode}`)
  }
  return ModelList.parse(await response.body.json()).data.map(({ id }) => id)
}
