import { createServer } from 'node:http'
import { once } from 'node:events'
import { createNodeKubeClient } from '@nexus/kube/node'
import { KubeApiError } from '@nexus/kube'
import { afterEach, expect, test } from 'vitest'
import { CatalogError } from './errors.ts'
import { readCatalog } from './read.ts'
import { modelOf } from './testing/models.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A client of an API server that gives every request the same answer, and the paths it was asked for. */
async function kubeAnswering(status: number, body: object) {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const kube = createNodeKubeClient({ server: `http://127.0.0.1:${port}`, auth: { type: 'none' } })
  cleanups.push(
    async () => server.close().closeAllConnections(),
    () => kube.close(),
  )
  return { kube, paths }
}

function statusOf(code: number, reason: string): object {
  return { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message: reason }
}

function configMapOf(data: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nim-models-data', namespace: 'nexus' }, data }
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

test('the catalog is one ConfigMap of the platform namespace', async () => {
  const { kube, paths } = await kubeAnswering(200, configMapOf({ 'llama-3.1-8b-instruct': JSON.stringify(modelOf()) }))
  expect(await readCatalog(kube)).toEqual({
    models: [modelOf()],
    problems: [],
    location: { namespace: 'nexus', name: 'nim-models-data' },
  })
  expect(paths).toEqual(['/api/v1/namespaces/nexus/configmaps/nim-models-data'])
})

test.each([
  { status: 404, body: statusOf(404, 'NotFound'), code: 'NEXUS_CATALOG_NOT_FOUND', hint: 'nexus up' },
  { status: 403, body: statusOf(403, 'Forbidden'), code: 'NEXUS_CATALOG_FORBIDDEN', hint: 'kubectl auth can-i' },
  { status: 200, body: configMapOf({}), code: 'NEXUS_CATALOG_EMPTY', hint: 'kubectl apply' },
  { status: 200, body: configMapOf({ x: 'no' }), code: 'NEXUS_CATALOG_EMPTY', hint: 'kubectl apply' },
])('$status becomes $code with a hint', async ({ status, body, code, hint }) => {
  const { kube } = await kubeAnswering(status, body)
  const error = await errorOf(readCatalog(kube))
  expect(error).toBeInstanceOf(CatalogError)
  expect(error).toMatchObject({ code })
  expect(error instanceof CatalogError ? error.hint : '').toContain(hint)
})

test('any other refusal stays what the server said', async () => {
  const { kube } = await kubeAnswering(401, statusOf(401, 'Unauthorized'))
  expect(await errorOf(readCatalog(kube))).toBeInstanceOf(KubeApiError)
})
