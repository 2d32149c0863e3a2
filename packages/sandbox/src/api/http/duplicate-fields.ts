import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { YAML_OPTIONS } from './body.ts'

/**
 * The fields that a body names twice, in the words of the API server: `duplicate field "spec.replicas"`, or for YAML
 * `line 5: key "replicas" already set in map`. Of bodies that are neither there are none.
 */
export function duplicateFields(body: Buffer, contentType: string): string[] {
  if (contentType.endsWith('json')) return duplicatesInJson(body.toString('utf8'))
  return contentType.endsWith('yaml') ? duplicatesInYaml(body.toString('utf8')) : []
}

/** An object or a list that is being read. */
interface Open {
  /** Where it stands: `spec.containers[0]`. */
  readonly place: string
  /** The keys that were read, and whether each was there twice; undefined in a list. */
  readonly keys: Map<string, boolean> | undefined
  /** The last key that was read, or the number of the item. */
  key: string
  index: number
}

/** Reads only what opens and closes: the text is known to be JSON. */
function duplicatesInJson(text: string): string[] {
  const found: string[] = []
  const stack: Open[] = []
  for (let at = 0; at < text.length; at++) {
    const top = stack.at(-1)
    switch (text.charAt(at)) {
      case '{':
      case '[':
        stack.push({ place: placeIn(top), keys: text.charAt(at) === '{' ? new Map() : undefined, key: '', index: 0 })
        break
      case '}':
      case ']':
        stack.pop()
        break
      case ',':
        if (top) top.index++
        break
      case '"': {
        const end = endOfString(text, at)
        if (top?.keys && isKey(text, end)) readKey(top, text.slice(at, end + 1), found)
        at = end
        break
      }
      default:
    }
  }
  return found
}

function placeIn(parent: Open | undefined): string {
  if (parent === undefined) return ''
  if (parent.keys === undefined) return `${parent.place}[${parent.index}]`
  return parent.place === '' ? parent.key : `${parent.place}.${parent.key}`
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

/** Whether a colon follows, after blanks. */
function isKey(text: string, end: number): boolean {
  let next = end + 1
  while (text[next] === ' ' || text[next] === '\n' || text[next] === '\r' || text[next] === '\t') next++
  return text[next] === ':'
}

function readKey(top: Open, quoted: string, found: string[]): void {
  top.key = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
  const isNamed = top.keys?.get(top.key)
  if (isNamed === false) found.push(`duplicate field "${placeIn(top)}"`)
  top.keys?.set(top.key, isNamed !== undefined)
}

function duplicatesInYaml(text: string): string[] {
  const found: string[] = []
  const lines = new LineCounter()
  const visit = (node: unknown): void => {
    if (isSeq(node)) node.items.forEach(visit)
    if (!isMap(node)) return
    const keys = new Set<unknown>()
    for (const { key, value } of node.items.filter((item) => isPair(item))) {
      if (!isScalar(key) || isAlias(value)) continue
      if (keys.has(key.value))
        found.push(`line ${lineOf(key, lines)}: key ${JSON.stringify(key.value)} already set in map`)
      keys.add(key.value)
      visit(value)
    }
  }
  visit(parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines }).contents)
  return found
}

function lineOf({ range }: { range?: readonly number[] | null }, lines: LineCounter): number {
  return lines.linePos(range?.[0] ?? 0).line
}
