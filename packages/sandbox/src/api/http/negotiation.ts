import { StatusError } from '../status.ts'
import type { IncludeObject } from '../table.ts'

/** How the client wants an answer: the encoding, and which view of the objects. */
export interface AnswerForm {
  readonly encoding: 'json' | 'yaml'
  readonly view: 'object' | 'table' | 'metadata'
  /** The query parameter `includeObject`, for the rows of a table. */
  readonly include: IncludeObject
}

interface MediaType {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

/** Reads a header such as `application/json;as=Table;v=v1;g=meta.k8s.io, application/json`. */
export function parseMediaTypes(header: string): MediaType[] {
  return header.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const pairs = parameters.map((parameter): [string, string] => {
      const [key = '', value = ''] = parameter.split('=')
      return [key.trim(), value.trim()]
    })
    return { type: type.toLowerCase(), parameters: new Map(pairs) }
  })
}

function viewOf(parameters: ReadonlyMap<string, string>): AnswerForm['view'] | undefined {
  switch (parameters.get('as')) {
    case undefined:
      return 'object'
    case 'Table':
      return 'table'
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return 'metadata'
    default:
      return undefined
  }
}

function formOf({ type, parameters }: MediaType): Omit<AnswerForm, 'include'> | undefined {
  const view = viewOf(parameters)
  if (view === undefined) return undefined
  if (type === 'application/json' || type === 'application/*' || type === '*/*') return { encoding: 'json', view }
  return type === 'application/yaml' ? { encoding: 'yaml', view } : undefined
}

/**
 * The first form of an `Accept` header that the server can answer in; protobuf, which it does not speak, is passed over.
 * @throws StatusError 406 where nothing is left.
 */
export function answerForm(accept: string | undefined, includeObject: string | null = null): AnswerForm {
  const include = includeObject === 'Object' || includeObject === 'None' ? includeObject : 'Metadata'
  if (accept === undefined || accept.trim() === '') return { encoding: 'json', view: 'object', include }
  for (const range of parseMediaTypes(accept)) {
    const form = formOf(range)
    if (form) return { ...form, include }
  }
  const message = '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml'
  throw new StatusError(406, 'NotAcceptable', message, {})
}

/** Whether discovery is asked for as one document (`APIGroupDiscoveryList`), and in which version of it. */
export function aggregatedDiscovery(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const { parameters } of parseMediaTypes(accept ?? '')) {
    const version = parameters.get('v')
    const wanted = parameters.get('as') === 'APIGroupDiscoveryList'
    if (wanted && (version === 'v2' || version === 'v2beta1')) return version
  }
  return undefined
}
