import type { WorkerConfig } from './config.ts'
import { OpenAIError } from './openai-error.ts'

/** As many tokens as the pretended model reads. */
const MAX_MODEL_LENGTH = 131_072

/** An entry of `/v1/models`, with what vLLM and a NIM add to OpenAI's. */
interface Model {
  readonly id: string
  readonly object: 'model'
  /** Seconds since 1970. */
  readonly created: number
  readonly owned_by: string
  readonly root: string
  /** The model that an adapter changes; null: it is none. */
  readonly parent: string | null
  readonly max_model_len: number
  readonly permission: readonly never[]
}

/** The model and its adapters, the model first. */
export function listModels({ modelName, loraModels }: WorkerConfig, created: number): readonly Model[] {
  const model = (id: string, parent: string | null): Model => ({
    id,
    object: 'model',
    created,
    owned_by: 'nexus-model-worker',
    root: id,
    parent,
    max_model_len: MAX_MODEL_LENGTH,
    permission: [],
  })
  return [model(modelName, null), ...loraModels.map((id) => model(id, modelName))]
}

/** The model of `/v1/models/<id>`; ids hold slashes, encoded or not. Throws `OpenAIError` 404. */
export function findModel(models: readonly Model[], encodedId: string): Model {
  const id = decode(encodedId)
  const found = models.find((model) => model.id === id)
  if (found === undefined) throw modelNotFound(id)
  return found
}

/** Says that there is no such model. */
export function modelNotFound(id: string): OpenAIError {
  const message = `The model ${JSON.stringify(id)} does not exist.`
  return new OpenAIError(404, message, { param: 'model', code: 'model_not_found' })
}

/** `/v1/metadata`, as far as a mock has any. */
export function metadataOf(config: WorkerConfig): object {
  return {
    version: versionOf(config),
    assetInfo: [],
    licenseInfo: { name: 'Apache-2.0', path: 'LICENSE', sha: '', size: 0, url: '', type: 'file', content: '' },
    modelInfo: [{ shortName: config.modelName, modelUrl: '' }],
    repository_override: '',
    selectedModelProfileId: 'mock',
  }
}

/** The tag of the image; `latest` where there is none. */
export function versionOf({ dress }: WorkerConfig): string {
  const tag = dress.kind === 'nim' ? /:([^/:@]+)(?:@[^/@]+)?$/.exec(dress.image)?.[1] : undefined
  return tag ?? 'latest'
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new OpenAIError(400, 'The path is not percent-encoded.')
  }
}
