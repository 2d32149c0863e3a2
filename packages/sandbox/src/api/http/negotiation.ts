import { badRequest } from '../errors.ts'
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
  /** In small letters; empty where the header holds no media type. */
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

/** The API group and version in which the views can be asked for; left out, the server chooses. */
function isKnownView(parameters: ReadonlyMap<string, string>): boolean {
  const version = parameters.get('v') ?? 'v1'
  const group = parameters.get('g') ?? 'meta.k8s.io'
  return group === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1')
}

function formOf({ type, parameters }: MediaType): Omit<AnswerForm, 'include'> | undefined {
  const view = viewOf(parameters)
  if (view === undefined || (view !== 'object' && !isKnownView(parameters))) return undefined
  if (type === 'application/json' || type === 'application/*' || type === '*/*') return { encoding: 'json', view }
  return type === 'application/yaml' ? { encoding: 'yaml', view } : undefined
}

/** The ranges of an `Accept` header, most wanted first. */
function byPreference(accept: string): MediaType[] {
  const quality = ({ parameters }: MediaType): number => Number(parameters.get('q') ?? 1) || 0
  return parseMediaTypes(accept).sort((a, b) => quality(b) - quality(a))
}

/** The media types of answers about objects. */
const OFFERED: readonly string[] = ['application/json', 'application/yaml']

/**
 * The first form of an `Accept` header that the server can answer in; protobuf, which it does not speak, is passed over.
 * @throws StatusError 406 where nothing is left.
 */
export function answerForm(accept: string | undefined, includeObject: string | null = null): AnswerForm {
  const include = includeObject === 'Object' || includeObject === 'None' ? includeObject : 'Metadata'
  if (accept === undefined || accept.trim() === '') return { encoding: 'json', view: 'object', include }
  for (const range of byPreference(accept)) {
    const form = formOf(range)
    if (form?.view === 'table') checkInclude(includeObject ?? '')
    if (form) return { ...form, include }
  }
  const known = parseMediaTypes(accept).some(({ type }) => OFFERED.includes(type))
  if (known)
    throw new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${OFFERED.join(', ')}`)
  throw new StatusError(
    406,
    'NotAcceptable',
    `406: Not Acceptable\n\nAvailable representations: ${OFFERED.join(', ')}`,
    {},
  )
}

function checkInclude(value: string): void {
  if (['', 'Metadata', 'Object', 'None'].includes(value)) return
  const why = `Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`
  throw badRequest(`Unable to convert to Table as requested: includeObject: ${why}`)
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
