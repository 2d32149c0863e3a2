import { z } from 'zod'

/**
 * What names other things in a configuration, read leniently: the links of a configuration are checked even where other
 * parts of it are wrong, so that everything is listed at once.
 */
const Links = z.object({
  upstreams: z.array(z.object({ name: z.string() }).catch({ name: '' })).catch([]),
  defaultUpstream: z.string().optional().catch(undefined),
  discovery: z.object({ kind: z.string() }).catch({ kind: 'off' }),
  shadow: z
    .object({ enabled: z.boolean(), target: z.string().optional() })
    .catch({ enabled: false })
    .transform(({ enabled, target }) => (enabled ? target : undefined)),
  models: z
    .array(
      z.object({
        id: z.string().catch(''),
        aliases: z.array(z.string()).catch([]),
        served: z.record(z.string(), z.unknown()).catch({}),
        route: z.looseObject({}).optional().catch({}),
        fallback: z
          .object({ models: z.array(z.string()) })
          .optional()
          .catch(undefined),
      }),
    )
    .catch([]),
})

type Links = z.infer<typeof Links>
type LinkedModel = Links['models'][number]

/** One link that is wrong. */
export interface LinkIssue {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A check of the schema: names that must exist, and exist once. */
export function checkLinks({ value, issues }: z.core.ParsePayload): void {
  for (const { path, message } of linkIssues(value)) {
    issues.push({ code: 'custom', input: undefined, path: [...path], message })
  }
}

/** Every name that leads nowhere, is used twice or leads back to itself. Takes a configuration, valid or not. */
export function linkIssues(config: unknown): LinkIssue[] {
  const parsed = Links.safeParse(config)
  if (!parsed.success) return []
  const links = parsed.data
  return [
    ...repeated(links.upstreams.map(({ name }) => name)).map(([index, name]): LinkIssue => {
      return { path: ['upstreams', index, 'name'], message: `the name ${name} is used twice` }
    }),
    ...upstreamIssues(links),
    ...modelNameIssues(links),
    ...fallbackIssues(links),
  ]
}

function upstreamIssues(links: Links): LinkIssue[] {
  const names = new Set(links.upstreams.map(({ name }) => name))
  const known = names.size === 0 ? 'there are no upstreams' : `the upstreams are ${[...names].join(', ')}`
  const used: (readonly [LinkIssue['path'], string | undefined])[] = [
    [['defaultUpstream'], links.defaultUpstream],
    [['shadow', 'target'], links.shadow],
    ...links.models.flatMap(({ route, served }, index) => [
      ...routeTargets(route).map(([path, name]) => [['models', index, 'route', ...path], name] as const),
      ...Object.keys(served).map((name) => [['models', index, 'served', name], name] as const),
    ]),
  ]
  return used.flatMap(([path, name]) => {
    if (name === undefined || names.has(name)) return []
    const hint = name.includes('/') ? ' (a deployment is none: name an upstream for its Service)' : ''
    return [{ path, message: `no upstream is named ${name}; ${known}${hint}` }]
  })
}

/** The upstreams that a route names, each with its place in the route. */
function routeTargets(route: LinkedModel['route']): [(string | number)[], string][] {
  const listed = z
    .array(z.object({ name: z.string() }).catch({ name: '' }))
    .catch([])
    .parse(route?.['targets'])
  const single = ['target', 'primary', 'canary'].map((field): [string[], unknown] => [[field], route?.[field]])
  const places = [
    ...single,
    ...listed.map(({ name }, index): [(string | number)[], unknown] => [['targets', index, 'name'], name]),
  ]
  return places.flatMap(([path, name]) => (typeof name === 'string' && name !== '' ? [[path, name]] : []))
}

/** Models that are named twice, and models that nothing can serve. */
function modelNameIssues(links: Links): LinkIssue[] {
  const owners = links.models.flatMap(({ id, aliases }, index) => [id, ...aliases].map((name) => ({ name, index })))
  const twice = repeated(owners.map(({ name }) => name)).map(([position, name]): LinkIssue => {
    return { path: ['models', owners[position]?.index ?? 0, 'id'], message: `the model ${name} is named twice` }
  })
  const lost = links.models.flatMap(({ id, route, served }, index): LinkIssue[] => {
    if (id === '' || route !== undefined || Object.keys(served).length > 0 || canServe(id, links)) return []
    return [{ path: ['models', index], message: `nothing serves ${id}: give it a route, or set a default upstream` }]
  })
  return [...twice, ...lost]
}

function canServe(model: string, { upstreams, defaultUpstream, discovery }: Links): boolean {
  return defaultUpstream !== undefined || discovery.kind !== 'off' || upstreams.some(({ name }) => name === model)
}

/** Fallbacks to names that nothing serves, and chains that lead back to where they began. */
function fallbackIssues(links: Links): LinkIssue[] {
  const byName = new Map(links.models.flatMap((model) => [model.id, ...model.aliases].map((name) => [name, model])))
  const known = new Set<LinkedModel>()
  return links.models.flatMap((model, index) => {
    const fallbacks = model.fallback?.models ?? []
    const lost = fallbacks.flatMap((name, position): LinkIssue[] => {
      if (byName.has(name) || canServe(name, links)) return []
      const path = ['models', index, 'fallback', 'models', position]
      return [{ path, message: `nothing serves ${name}: it is neither a model nor an upstream` }]
    })
    const cycle = known.has(model) ? undefined : cycleFrom(model, byName)
    if (cycle === undefined) return lost
    // One chain is one mistake, whichever of its models one starts from.
    for (const name of cycle) known.add(byName.get(name) ?? model)
    return [...lost, { path: ['models', index, 'fallback'], message: `the chain ${cycle.join(' → ')} never ends` }]
  })
}

/** The way from a model over its fallbacks back to itself. */
function cycleFrom(start: LinkedModel, byName: ReadonlyMap<string, LinkedModel>): string[] | undefined {
  const seen = new Set<LinkedModel>()
  const walk = (model: LinkedModel, way: readonly string[]): string[] | undefined => {
    for (const name of model.fallback?.models ?? []) {
      const next = byName.get(name)
      if (next === start) return [...way, name]
      if (next === undefined || seen.has(next)) continue
      seen.add(next)
      const found = walk(next, [...way, name])
      if (found !== undefined) return found
    }
    return undefined
  }
  return walk(start, [start.id])
}

/** Every later appearance of a name, with its position; empty names do not count. */
function repeated(names: readonly string[]): [number, string][] {
  return [...names.entries()].filter(([index, name]) => name !== '' && names.indexOf(name) !== index)
}
