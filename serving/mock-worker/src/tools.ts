import type { Fields } from './fields.ts'
import { invalid, isRecord, readList } from './fields.ts'

/** A function that a model may call. */
export interface FunctionTool {
  readonly name: string
  /** The JSON Schema of its arguments; undefined: it takes none. */
  readonly parameters: unknown
}

/** The function that the answer to a chat calls: the one `tool_choice` names, else the first; undefined: none. */
export function chatFunction(fields: Fields): FunctionTool | undefined {
  return chosen(fields, ({ function: nested }) => (isRecord(nested) ? nested : undefined))
}

/** The same for the responses API, whose tools and choices are flat. */
export function responseFunction(fields: Fields): FunctionTool | undefined {
  return chosen(fields, (entry) => entry)
}

type Unfold = (entry: Record<string, unknown>) => Record<string, unknown> | undefined

function chosen(fields: Fields, unfold: Unfold): FunctionTool | undefined {
  const choice = fields['tool_choice']
  const tools = fields['tools'] ?? []
  if (choice === 'none' || (Array.isArray(tools) && tools.length === 0)) return undefined
  const functions = readList(fields, 'tools', 'tool').flatMap((tool, index) => parseTool(tool, index, unfold))
  if (!isRecord(choice)) return functions[0]
  const name = unfold(choice)?.['name']
  const named = functions.find((tool) => tool.name === name)
  if (named === undefined) throw invalid('tool_choice', 'names a function that is not among the tools')
  return named
}

/** One function; tools of other types are passed over. */
function parseTool(tool: unknown, index: number, unfold: Unfold): FunctionTool[] {
  if (!isRecord(tool)) throw invalid(`tools.${index}`, 'must be an object')
  if (tool['type'] !== 'function') return []
  const { name, parameters } = unfold(tool) ?? {}
  if (typeof name !== 'string' || name === '') throw invalid(`tools.${index}.name`, 'must be the name of a function')
  return [{ name, parameters }]
}
