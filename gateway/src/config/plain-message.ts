import type { z } from 'zod'

/** What zod says where a schema gives no words of its own. */
const GENERIC = /^(Too big|Too small|Invalid input|Invalid option): /

/** What is wrong, in the words of this program: "must be at most 65535". */
export function plainMessage(issue: z.core.$ZodIssue): string {
  if (!GENERIC.test(issue.message)) return issue.message
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}${MEASURED.has(issue.origin) ? ' long' : ''}`
  if (issue.code === 'too_small')
    return MEASURED.has(issue.origin) ? 'must not be empty' : `must be at least ${issue.minimum}`
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
  return issue.code === 'invalid_type' ? wrongType(issue) : issue.message
}

/** What has a length: the least one that any schema here asks for is 1. */
const MEASURED: ReadonlySet<string> = new Set(['string', 'array'])

function wrongType({ expected, message }: z.core.$ZodIssueInvalidType): string {
  const [, received] = /received (\w+)$/.exec(message) ?? []
  if (received === undefined || received === 'undefined') return 'is missing'
  return `must be ${NAMES[expected] ?? expected}, not ${NAMES[received] ?? received}`
}

const NAMES: Readonly<Partial<Record<string, string>>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with fields',
  record: 'an object with fields',
  null: 'empty',
}
