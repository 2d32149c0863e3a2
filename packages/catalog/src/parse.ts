import { messageOf } from '@nexus/core'
import type { ConfigMap } from '@nexus/kube'
import { z } from 'zod'
import { CatalogModel } from './model.ts'

/** An entry that was passed over, and why. */
export interface CatalogProblem {
  /** The key in the ConfigMap. */
  readonly key: string
  readonly message: string
}

export interface ParsedCatalog {
  /** Sorted by name. */
  readonly models: readonly CatalogModel[]
  /** Entries that cannot be used; show them, they are not errors of the whole. */
  readonly problems: readonly CatalogProblem[]
}

/** Reads the entries of a catalog ConfigMap. One bad entry costs that entry alone, and is named in `problems`. */
export function parseCatalog({ data = {} }: Pick<ConfigMap, 'data'>): ParsedCatalog {
  const models: CatalogModel[] = []
  const problems: CatalogProblem[] = []
  for (const [key, value] of Object.entries(data).sort(byKey)) {
    const entry = parseEntry(key, value)
    if (typeof entry === 'string') problems.push({ key, message: entry })
    else models.push(entry)
  }
  return { models, problems }
}

/** The model of an entry, or what is wrong with it. */
function parseEntry(key: string, text: string): CatalogModel | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `is not valid JSON: ${messageOf(error)}`
  }
  const parsed = CatalogModel.safeParse(value)
  if (!parsed.success) return z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' ')
  // Models are looked up by key and by name: two answers to one question must not be possible.
  return parsed.data.name === key ? parsed.data : `has the name "${parsed.data.name}", which is not its key`
}

/** By code units, so that the order does not depend on the machine's language. */
export function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b)
}
