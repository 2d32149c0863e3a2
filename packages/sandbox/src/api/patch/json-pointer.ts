import type { Operation } from 'rfc6902'
import { isRecord } from '../objects/fields.ts'

const INDEX = /^(?:0|[1-9]\d*)$/

/** Names that the library steps over in a pointer, and so takes the wrong place for the right one. */
const STEPPED_OVER = new Set(['__proto__', 'constructor', 'prototype'])

/** The reference tokens of a JSON pointer (RFC 6901). */
export function tokensOf(pointer: string): string[] {
  const [, ...tokens] = pointer.split('/')
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What stands there in the document; undefined where nothing does. What objects inherit is not in the document. */
export function valueAt(document: unknown, tokens: readonly string[]): unknown {
  return tokens.reduce<unknown>((parent, token) => {
    if (isRecord(parent)) return Object.hasOwn(parent, token) ? parent[token] : undefined
    const items: readonly unknown[] = Array.isArray(parent) ? parent : []
    return INDEX.test(token) ? items[Number(token)] : undefined
  }, document)
}

/**
 * Whether an operation keeps to what the document itself has. The library also follows inherited members:
 * `/metadata/toString/call` would change a function of the whole process.
 */
export function staysWithin(document: unknown, operation: Operation): boolean {
  const path = tokensOf(operation.path)
  const parents = path.slice(0, -1)
  if (parents.some((token) => STEPPED_OVER.has(token)) || path.at(-1) === '__proto__') return false
  const parent = valueAt(document, parents)
  if (parent === undefined) return false
  switch (operation.op) {
    case 'add':
      return true
    case 'move':
    case 'copy': {
      const from = tokensOf(operation.from)
      const intoItself = operation.op === 'move' && operation.path.startsWith(`${operation.from}/`)
      return !intoItself && !from.some((token) => STEPPED_OVER.has(token)) && valueAt(document, from) !== undefined
    }
    case 'replace':
    case 'test':
      return isRecord(parent) || valueAt(document, path) !== undefined
    case 'remove':
      return valueAt(document, path) !== undefined
    default:
      return operation satisfies never
  }
}
