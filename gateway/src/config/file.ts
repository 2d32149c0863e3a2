import { readFileSync } from 'node:fs'
import { hash } from 'node:crypto'
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import { isFields, pointer, type Fields, type Origin, type Path } from './draft.ts'
import { ConfigError, type ConfigProblem } from './errors.ts'

/** Far more than a configuration has, far less than what could fill the memory. */
const MAX_BYTES = 4 * 1024 * 1024

/** What a configuration file says, and the line of every value. */
export interface ConfigFile {
  readonly root: Fields
  readonly origins: ReadonlyMap<string, Origin>
  /** Changes with the content. */
  readonly digest: string
}

/**
 * Reads a YAML or JSON file.
 *
 * @throws ConfigError when it cannot be read or is not well-formed, with lines; its text is not quoted
 */
export function readConfigFile(file: string): ConfigFile {
  const text = readText(file)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const broken = document.errors.map(({ code, pos }): ConfigProblem => {
    const { line, col } = lines.linePos(pos[0])
    // The message of the parser quotes the text, which may be a secret.
    const fault = YAML_FAULTS.get(code) ?? code.toLowerCase().replaceAll('_', ' ')
    return { where: `${file}:${line}:${col}`, problem: `is not valid YAML: ${fault}` }
  })
  if (broken.length > 0) throw new ConfigError(broken)
  const root: unknown = toJs(document, file) ?? {}
  if (!isFields(root)) throw new ConfigError([{ where: `${file}:1`, problem: 'must be an object with fields' }])
  const origins = new Map<string, Origin>()
  const lineOf = ({ range }: Node): number => lines.linePos(range?.[0] ?? 0).line
  if (document.contents !== null)
    noteLines(document.contents, [], (path, node) => {
      origins.set(pointer(path), { kind: 'file', file, line: lineOf(node) })
    })
  return { root, origins, digest: digestOf(text) }
}

/** The digest of a file's text; undefined, if it cannot be read now. */
export function fileDigest(file: string): string | undefined {
  try {
    return digestOf(readText(file))
  } catch {
    return undefined
  }
}

function digestOf(text: string): string {
  return hash('sha256', text)
}

function readText(file: string): string {
  const bytes = readBytes(file)
  // A write that was cut off: taken as it is, it would end all routes and keys of a running gateway.
  if (bytes.length === 0) throw new ConfigError([{ where: file, problem: EMPTY }])
  if (bytes.length > MAX_BYTES) throw new ConfigError([{ where: file, problem: `is larger than ${MAX_BYTES} bytes` }])
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ConfigError([{ where: file, problem: 'is not UTF-8' }])
  }
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new ConfigError([{ where: file, problem: READ_PROBLEMS.get(code) ?? `cannot be read (${code})` }])
  }
}

const EMPTY = 'is empty; a file that shall say nothing has a comment'

/** The codes of the parser that do not explain themselves. */
const YAML_FAULTS = new Map<string, string>([
  ['BAD_INDENT', 'a line begins too far left, or a bracket is not closed'],
  ['BAD_SCALAR_START', 'a value begins with a character that must be in quotes'],
  ['BLOCK_AS_IMPLICIT_KEY', 'a field begins inside a value: one of them needs a line of its own, or quotes'],
  ['MISSING_CHAR', 'a dash, colon, comma, bracket or quote is missing'],
  ['MULTILINE_IMPLICIT_KEY', 'the name of a field goes over several lines, or its colon is missing'],
])

const READ_PROBLEMS = new Map([
  ['ENOENT', 'does not exist; GATEWAY_CONFIG_FILE names it'],
  ['EISDIR', 'is a folder; GATEWAY_CONFIG_FILE must name a file'],
  ['EACCES', 'may not be read by the user of this process'],
])

function toJs(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    const isLost = error instanceof ReferenceError && error.message.startsWith('Unresolved alias')
    const lost = 'names an anchor that does not exist: a value that begins with * must be quoted'
    throw new ConfigError([{ where: file, problem: isLost ? lost : 'uses too many aliases' }])
  }
}

/** Walks a parsed document; a field is on the line of its name, an entry on its own. */
function noteLines(node: unknown, path: Path, note: (path: Path, node: Node) => void): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue
      const inner = [...path, String(key.value)]
      note(inner, key)
      noteLines(value, inner, note)
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      if (isMap(item) || isSeq(item) || isScalar(item)) note([...path, index], item)
      noteLines(item, [...path, index], note)
    }
  }
}
