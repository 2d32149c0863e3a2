import { countTokens } from '../answer.ts'
import type { Faults } from '../faults/faults.ts'
import type { Fields } from '../fields.ts'
import { invalid, isRecord, readLimit, readList, readModel } from '../fields.ts'
import { identity } from '../identity.ts'
import type { Reply } from '../reply.ts'

/** `POST /v1/rerank`: documents by the share of the query's words that they hold, best first. */
export function replyToRerank(fields: Fields, faults: Faults): Reply {
  const model = readModel(fields)
  const query = fields['query']
  if (typeof query !== 'string') throw invalid('query', 'must be a text')
  const documents = readList(fields, 'documents', 'document').map((entry, index) => textOf(entry, `documents.${index}`))
  const results = rank(query, documents).map(({ index, text, share }) => ({
    index,
    relevance_score: share,
    ...(fields['return_documents'] === true && { document: { text } }),
  }))
  const top = results.slice(0, readLimit(fields, 'top_n'))
  return replyWith({ ...identity('rerank', model), results: top }, [query, ...documents], faults)
}

/** `POST /v1/ranking`, as NVIDIA's retrieval services have it. */
export function replyToRanking(fields: Fields, faults: Faults): Reply {
  readModel(fields)
  const query = textOf(fields['query'], 'query')
  const passages = readList(fields, 'passages', 'passage').map((entry, index) => textOf(entry, `passages.${index}`))
  const rankings = rank(query, passages).map(({ index, share }) => ({ index, logit: share * 10 - 5 }))
  return replyWith({ rankings }, [query, ...passages], faults)
}

function replyWith(body: object, texts: readonly string[], faults: Faults): Reply {
  const promptTokens = texts.reduce((sum, text) => sum + countTokens(text), 0)
  const usage = faults.has('no-usage') ? {} : { usage: { prompt_tokens: promptTokens, total_tokens: promptTokens } }
  return { promptTokens, tokens: 0, content: { kind: 'json', body: { ...body, ...usage } } }
}

interface Ranked {
  readonly index: number
  readonly text: string
  /** From 0 to 1. */
  readonly share: number
}

function rank(query: string, texts: readonly string[]): Ranked[] {
  const wanted = wordsOf(query)
  const shareOf = (text: string): number => wanted.intersection(wordsOf(text)).size / Math.max(wanted.size, 1)
  return texts.map((text, index) => ({ index, text, share: shareOf(text) })).sort((a, b) => b.share - a.share)
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
}

function textOf(entry: unknown, param: string): string {
  if (typeof entry === 'string') return entry
  if (isRecord(entry) && typeof entry['text'] === 'string') return entry['text']
  throw invalid(param, 'must have a text')
}
