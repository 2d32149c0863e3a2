import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApiServer } from '@nexus/sandbox'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { root } from '../e2e/clusters/paths.ts'
import { connect } from '../e2e/conformance/connection.ts'
import { renderTable } from './render-table.ts'

const Resource = z.object({
  resource: z.string(),
  responseKind: z.object({ kind: z.string() }),
  scope: z.string(),
  verbs: z.array(z.string()),
  subresources: z.array(z.object({ subresource: z.string(), verbs: z.array(z.string()) })).default([]),
})
const Discovery = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().default('') }),
      versions: z.array(z.object({ version: z.string(), resources: z.array(Resource) })),
    }),
  ),
})
type Resource = z.infer<typeof Resource>

const INTRODUCTION = `# Kinds that the sandbox serves

Written by a test from the discovery of the sandbox's API server; \`npm run golden\` writes it anew. CustomResourceDefinitions
add to it: the platform installs those of KServe that Nexus uses. What the sandbox does with these kinds, and what not:
[the sandbox](sandbox.md). All verbs: create, delete, deletecollection, get, list, patch, update, watch.
`

/** The groups of `/api` or `/apis` with everything in them, as kubectl asks for them. */
async function discover(path: string): Promise<z.infer<typeof Discovery>> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-discovery-'))
  const server = await startApiServer({ dir, port: 0, token: 'a-token-of-this-test' })
  const connection = connect({ url: server.url, token: 'a-token-of-this-test', caPem: server.caPem })
  try {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    return Discovery.parse((await connection.ask({ method: 'GET', path, accept })).body)
  } finally {
    connection.close()
    await server.close()
    await rm(dir, { recursive: true, force: true })
  }
}

function renderKind(apiVersion: string, { resource, responseKind, scope, verbs, subresources }: Resource): string[] {
  const names = subresources.map(({ subresource }) => `\`${subresource}\``).join(', ')
  const allowed = verbs.length === 8 ? 'all' : verbs.join(', ')
  return [apiVersion, responseKind.kind, `\`${resource}\``, scope === 'Namespaced' ? 'yes' : 'no', allowed, names]
}

test('docs/reference/sandbox-kinds.md lists every kind that is served, as discovery has it', async () => {
  const groups = [...(await discover('/api')).items, ...(await discover('/apis')).items]
  const rows = groups.flatMap(({ metadata: { name }, versions }) =>
    versions.flatMap(({ version, resources }) =>
      resources.map((resource) => renderKind(name ? `${name}/${version}` : version, resource)),
    ),
  )
  expect(rows.length).toBeGreaterThan(25)
  const table = renderTable(['version', 'kind', 'resource', 'namespaced', 'verbs', 'subresources'], rows)
  const page = join(root, 'docs', 'reference', 'sandbox-kinds.md')
  await expect(`${INTRODUCTION}\n${table}`).toMatchFileSnapshot(page)
})
