import { Document, isMap, isNode, isScalar, isSeq } from 'yaml'
import { pathsIn, type Draft, type Origin, type Path } from './draft.ts'
import { renderPath, type LoadedConfig } from './load-config.ts'
import { redactConfig } from './redact.ts'

/** How a configuration is shown. */
export interface DescribeOptions {
  readonly format: 'yaml' | 'json'
  /** Beside each value, where it came from. */
  readonly withOrigin: boolean
}

/** One value of the configuration in force. */
export interface DescribedValue {
  /** `upstreams[0].url` */
  readonly field: string
  readonly value: unknown
  /** `default`, the name of a variable, or a file and its line. */
  readonly origin: string
}

/**
 * The whole configuration as text, defaults included and secrets excluded. With origins it is still YAML: they stand in
 * comments; as JSON it is then a list of `{field, value, origin}`.
 */
export function describeConfig(loaded: LoadedConfig, { format, withOrigin }: DescribeOptions): string {
  const config = redactConfig(loaded.config)
  if (format === 'json') return `${JSON.stringify(withOrigin ? describeValues(loaded) : config, undefined, 2)}\n`
  const document = new Document(config)
  if (withOrigin) comment(document.contents, [], loaded.draft)
  return document.toString({ lineWidth: 0 })
}

/** Every single value of the configuration in force, and where it came from. */
export function describeValues({ config, draft }: LoadedConfig): DescribedValue[] {
  const redacted = redactConfig(config)
  return pathsIn([], redacted).flatMap((path) => {
    const value = valueAt(redacted, path)
    const isGroup = typeof value === 'object' && value !== null && Object.keys(value).length > 0
    return isGroup || value === undefined
      ? []
      : [{ field: renderPath(path), value, origin: renderOrigin(draft.originOf(path)) }]
  })
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined),
    root,
  )
}

function renderOrigin(origin: Origin | undefined): string {
  if (origin === undefined) return 'default'
  return origin.kind === 'variable' ? origin.name : `${origin.file}:${origin.line}`
}

function comment(node: unknown, path: Path, draft: Draft): void {
  if (isMap(node) && node.items.length > 0) {
    for (const { key, value } of node.items) if (isScalar(key)) comment(value, [...path, String(key.value)], draft)
  } else if (isSeq(node) && node.items.length > 0) {
    for (const [index, item] of node.items.entries()) comment(item, [...path, index], draft)
  } else if (isNode(node)) {
    const origin = draft.originOf(path)
    // A comment breaks the line of an empty list or object: those that nobody set go without.
    if (isScalar(node) || origin !== undefined) node.comment = ` ${renderOrigin(origin)}`
  }
}
