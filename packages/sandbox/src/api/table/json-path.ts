import { isRecord, listAt } from '../objects/fields.ts'

type Step = (values: unknown[]) => unknown[]

/**
 * The first value at a JSONPath, as far as printer columns use it: `.a.b`, `.a\.b`, `['a.b']`, `[0]`, `[*]` and filters on
 * equality, `[?(@.type=="Ready")]`, `[?(@.latest==true)]`. A path of another form finds nothing.
 */
export function findFirst(object: unknown, path: string): unknown {
  const steps = parsePath(path)
  return steps?.reduce<unknown[]>((values, step) => step(values), [object])[0]
}

const TOKENS: readonly (readonly [RegExp, (match: RegExpExecArray) => Step])[] = [
  [/^\.?\[\?\(\s*@((?:\.[\w/-]+)+)\s*==\s*(["']?)(.*?)\2\s*\)\]/, ([, key = '', , wanted = '']) => where(key, wanted)],
  [/^\.?\[(["'])(.*?)\1\]/, ([, , key = '']) => member(key)],
  [/^\.?\[(-?\d+)\]/, ([, index = '0']) => item(Number(index))],
  [/^\.?(?:\[\*\]|\*)/, () => everything],
  [/^\.((?:\\.|[^.[\]\\])+)/, ([, key = '']) => member(key.replaceAll(/\\(.)/g, '$1'))],
]

function parsePath(path: string): Step[] | undefined {
  const steps: Step[] = []
  let rest = path
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .replace(/^\$/, '')
  while (rest !== '') {
    const [found] = TOKENS.flatMap(([pattern, step]) => {
      const match = pattern.exec(rest)
      return match ? [{ length: match[0].length, step: step(match) }] : []
    })
    if (!found) return undefined
    steps.push(found.step)
    rest = rest.slice(found.length)
  }
  return steps
}

function member(key: string): Step {
  return (values) => values.flatMap((value) => (isRecord(value) && Object.hasOwn(value, key) ? [value[key]] : []))
}

function item(index: number): Step {
  return (values) => values.flatMap((value) => listAt(value).slice(index).slice(0, 1))
}

function where(path: string, wanted: string): Step {
  return (values) => everything(values).filter((value) => String(findFirst(value, path)) === wanted)
}

function everything(values: unknown[]): unknown[] {
  return values.flatMap((value) => (isRecord(value) ? Object.values(value) : listAt(value)))
}
