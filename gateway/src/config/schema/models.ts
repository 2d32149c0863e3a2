import { z } from 'zod'
import { UpstreamName } from './upstreams.ts'

const Sticky = z
  .enum(['caller', 'request'])
  .default('caller')
  .describe('caller: one caller always gets the same arm; request: every request is drawn anew.')

const Percent = z.number().min(0).max(100)

const Route = z.discriminatedUnion('strategy', [
  z.strictObject({ strategy: z.literal('direct'), target: UpstreamName }),
  z.strictObject({
    strategy: z.literal('weighted'),
    targets: z.array(z.strictObject({ name: UpstreamName, weight: z.number().min(0).default(1) })).min(1),
    sticky: Sticky,
  }),
  z.strictObject({
    strategy: z.literal('canary'),
    primary: UpstreamName,
    canary: UpstreamName,
    percent: Percent.default(5).describe('The share of the canary.'),
    sticky: Sticky,
  }),
])

export type RouteConfig = z.infer<typeof Route>

/** What makes a request go to the next model of the chain, besides a connection that fails. */
const FallbackCause = z.enum(['connect', 'timeout', '429', '5xx', '500', '502', '503', '504'])

export type FallbackCause = z.infer<typeof FallbackCause>

/** A model that is routed by more than its name. */
export const Model = z.strictObject({
  id: z.string().min(1).max(256),
  aliases: z.array(z.string().min(1).max(256)).default([]),
  served: z
    .record(UpstreamName, z.string().min(1))
    .default({})
    .describe('The name of the model at an upstream, where it is another one.'),
  route: Route.optional(),
  fallback: z
    .strictObject({
      models: z.array(z.string().min(1)).min(1),
      on: z.array(FallbackCause).default(['connect', 'timeout', '429', '5xx']),
    })
    .optional(),
})

export type ModelConfig = z.infer<typeof Model>

interface Checked {
  readonly upstreams: readonly { readonly name: string }[]
  readonly defaultUpstream?: string | undefined
  readonly models: readonly ModelConfig[]
  readonly shadow: { readonly enabled: boolean; readonly target?: string | undefined }
}

/** What no single field can know: names that must exist, and exist once. */
export function checkModels({ value, issues }: z.core.ParsePayload<Checked>): void {
  const names = value.upstreams.map(({ name }) => name)
  const known = names.length === 0 ? 'there are no upstreams' : `the upstreams are ${names.join(', ')}`
  const report = (path: PropertyKey[], input: unknown, message: string): void => {
    issues.push({ code: 'custom', input, path, message })
  }
  const mustExist = (name: string | undefined, path: PropertyKey[]): void => {
    if (name !== undefined && !names.includes(name)) report(path, name, `no upstream is named ${name}; ${known}`)
  }
  for (const name of repeated(names)) report(['upstreams'], name, `the name ${name} is used twice`)
  mustExist(value.defaultUpstream, ['defaultUpstream'])
  if (value.shadow.enabled) mustExist(value.shadow.target, ['shadow', 'target'])
  const ids = value.models.flatMap(({ id, aliases }) => [id, ...aliases])
  for (const id of repeated(ids)) report(['models'], id, `the model ${id} is named twice`)
  for (const [index, { route, served }] of value.models.entries()) {
    for (const target of targetsOf(route)) mustExist(target, ['models', index, 'route'])
    for (const target of Object.keys(served)) mustExist(target, ['models', index, 'served'])
    if (route?.strategy === 'weighted' && route.targets.every(({ weight }) => weight === 0)) {
      report(['models', index, 'route'], route.targets, 'the weights must not all be 0')
    }
  }
}

function targetsOf(route: RouteConfig | undefined): string[] {
  switch (route?.strategy) {
    case undefined:
      return []
    case 'direct':
      return [route.target]
    case 'weighted':
      return route.targets.map(({ name }) => name)
    case 'canary':
      return [route.primary, route.canary]
    default:
      return route satisfies never
  }
}

function repeated(names: readonly string[]): Set<string> {
  return new Set(names.filter((name, index) => names.indexOf(name) !== index))
}
