import { afterEach, describe, expect, test } from 'vitest'
import { Kinds, KubeApiError, refTo } from '../index.ts'
import type { ConfigMap, KubeClient } from '../index.ts'
import { createNodeKubeClient } from './node-client.ts'
import type { NodeKubeClientOptions } from './node-client.ts'
import { configMap, configMapList, sendJson, startScriptedServer, statusOf } from './testing/scripted-server.ts'
import type { Script, ScriptedServer } from './testing/scripted-server.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function clientOf(script: Script, options: NodeKubeClientOptions = {}) {
  const server = await startScriptedServer(script)
  const kube = createNodeKubeClient(
    { server: server.url, auth: { type: 'none' } },
    { retry: { baseMs: 1, maxMs: 2 }, ...options },
  )
  cleanups.push(
    () => server.close(),
    () => kube.close(),
  )
  return { kube, server }
}

const x: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x', namespace: 'demo' },
  data: { a: '1' },
}
const xRef = refTo(Kinds.ConfigMap, x.metadata)
const llamaRef = refTo(Kinds.InferenceService, { name: 'llama', namespace: 'demo' })

async function failureOf(work: Promise<unknown>): Promise<KubeApiError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof KubeApiError) return error
  throw new Error('expected a KubeApiError', { cause: error })
}

describe('each verb is one request of the API', () => {
  const X = '/api/v1/namespaces/demo/configmaps'
  test.each<{
    verb: string
    call: (kube: KubeClient) => Promise<unknown>
    request: string
    type?: string
    body?: unknown
  }>([
    { verb: 'get', call: (kube) => kube.get(xRef), request: `GET ${X}/x` },
    {
      verb: 'get of a custom resource',
      call: (kube) => kube.get(llamaRef),
      request: 'GET /apis/serving.kserve.io/v1beta1/namespaces/demo/inferenceservices/llama',
    },
    {
      verb: 'get of a cluster-scoped object',
      call: (kube) => kube.get(refTo(Kinds.Namespace, { name: 'demo' })),
      request: 'GET /api/v1/namespaces/demo',
    },
    {
      verb: 'create',
      call: (kube) => kube.create(x, { dryRun: 'All', fieldManager: 'nexus' }),
      request: `POST ${X}?dryRun=All&fieldManager=nexus`,
      type: 'application/json',
      body: x,
    },
    {
      verb: 'replace of the status',
      call: (kube) => kube.replace(x, { subresource: 'status' }),
      request: `PUT ${X}/x/status`,
      type: 'application/json',
      body: x,
    },
    {
      verb: 'JSON patch',
      call: (kube) => kube.patch(xRef, { type: 'json', operations: [{ op: 'remove', path: '/data/a' }] }),
      request: `PATCH ${X}/x`,
      type: 'application/json-patch+json',
      body: [{ op: 'remove', path: '/data/a' }],
    },
    {
      verb: 'merge patch',
      call: (kube) => kube.patch(xRef, { type: 'merge', body: { data: null } }),
      request: `PATCH ${X}/x`,
      type: 'application/merge-patch+json',
      body: { data: null },
    },
    {
      verb: 'strategic merge patch',
      call: (kube) => kube.patch(xRef, { type: 'strategic', body: { data: {} } }),
      request: `PATCH ${X}/x`,
      type: 'application/strategic-merge-patch+json',
      body: { data: {} },
    },
    {
      verb: 'server-side apply',
      call: (kube) => kube.apply(x, { fieldManager: 'nexus', force: true }),
      request: `PATCH ${X}/x?fieldManager=nexus&force=true`,
      type: 'application/apply-patch+yaml',
      body: x,
    },
    {
      verb: 'delete',
      call: (kube) =>
        kube.delete(xRef, {
          dryRun: 'All',
          gracePeriodSeconds: 0,
          propagationPolicy: 'Foreground',
          preconditions: { uid: 'u' },
        }),
      request: `DELETE ${X}/x?dryRun=All`,
      type: 'application/json',
      body: {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        gracePeriodSeconds: 0,
        propagationPolicy: 'Foreground',
        preconditions: { uid: 'u' },
        dryRun: ['All'],
      },
    },
  ])('$verb', async ({ call, request, type, body }) => {
    const { kube, server } = await clientOf((seen, response) => {
      const kind = ['Namespace', 'InferenceService'].find((each) => seen.path.includes(`/${each.toLowerCase()}s/`))
      const named = seen.path.includes('configmaps')
        ? 'ConfigMap'
        : seen.path.includes('inference')
          ? 'InferenceService'
          : kind
      sendJson(response, { ...configMap('x', '1'), kind: named })
    })
    await call(kube)
    expect(server.seen).toHaveLength(1)
    const [seen] = server.seen
    const query = seen?.query.toString() ?? ''
    expect(`${seen?.method} ${seen?.path}${query === '' ? '' : `?${query}`}`).toBe(request)
    expect(seen?.headers['content-type']).toBe(type)
    expect(seen?.body).toBe(body === undefined ? '' : JSON.stringify(body))
  })
})

describe('list', () => {
  test('follows continue tokens and gives items their kind', async () => {
    const { kube, server } = await clientOf(({ query }, response) => {
      const second = query.get('continue') === 'page-2'
      sendJson(
        response,
        second ? configMapList([configMap('b', '2')], '9') : configMapList([configMap('a', '1')], '9', 'page-2'),
      )
    })
    const { items, resourceVersion } = await kube.list({
      kind: Kinds.ConfigMap,
      namespace: 'demo',
      labelSelector: 'app=llama,tier!=cache',
      fieldSelector: 'metadata.name!=z',
      limit: 1,
    })
    expect(items.map(({ kind, apiVersion, metadata }) => `${apiVersion} ${kind} ${metadata.name}`)).toEqual([
      'v1 ConfigMap a',
      'v1 ConfigMap b',
    ])
    expect(resourceVersion).toBe('9')
    expect(
      server.seen.map(({ query }) => [query.get('limit'), query.get('labelSelector'), query.get('fieldSelector')]),
    ).toEqual(Array.from({ length: 2 }, () => ['1', 'app=llama,tier!=cache', 'metadata.name!=z']))
  })

  test('starts over without pages when a continue token has expired', async () => {
    const { kube, server } = await clientOf(({ query }, response) => {
      if (query.has('continue')) sendJson(response, statusOf(410, 'Expired', 'the token is too old'), 410)
      else if (query.has('limit')) sendJson(response, configMapList([configMap('gone', '1')], '5', 'page-2'))
      else sendJson(response, configMapList([configMap('a', '6'), configMap('b', '7')], '8'))
    })
    const { items } = await kube.list({ kind: Kinds.ConfigMap })
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
    expect(server.seen).toHaveLength(3)
  })
})

describe('errors', () => {
  test('carry the call, the status and what the server said', async () => {
    const { kube } = await clientOf((_, response) =>
      sendJson(response, statusOf(409, 'AlreadyExists', 'configmaps "x" already exists'), 409),
    )
    const error = await failureOf(kube.create(x))
    expect(error).toMatchObject({
      code: 'NEXUS_KUBE_REFUSED',
      message: 'creating ConfigMap demo/x: configmaps "x" already exists',
      status: 409,
      reason: 'AlreadyExists',
      request: { method: 'POST', path: '/api/v1/namespaces/demo/configmaps' },
    })
  })

  test('quote the words of an HTML page, without its tags', async () => {
    const { kube } = await clientOf((_, response) =>
      response
        .writeHead(502, { 'content-type': 'text/html' })
        .end('<html><style>b{}</style><h1>502 Bad Gateway</h1>\n<p>nginx</p></html>'),
    )
    const error = await failureOf(kube.get(xRef))
    expect(error.message).toBe('reading ConfigMap demo/x: the server answered 502 (502 Bad Gateway nginx)')
    expect(error.body).toBeUndefined()
  })

  test('a login page of status 200 is not taken for an object', async () => {
    const { kube, server } = await clientOf((_, response) => response.end('<h1>Please log in</h1>'))
    const error = await failureOf(kube.get(xRef))
    expect(error).toMatchObject({ code: 'NEXUS_KUBE_UNREACHABLE', status: 0 })
    expect(error.message).toContain(`${server.url} did not answer as a Kubernetes API server (Please log in)`)
  })

  test.each([
    { status: 401, reason: 'Unauthorized', hint: 'log in again' },
    { status: 403, reason: 'Forbidden', hint: 'kubectl auth can-i get inferenceservices.serving.kserve.io -n demo' },
    { status: 404, reason: 'NotFound', hint: 'kubectl api-resources' },
  ])('$status names the next command', async ({ status, reason, hint }) => {
    const { kube } = await clientOf((_, response) => sendJson(response, statusOf(status, reason, 'no'), status))
    const error = await failureOf(kube.get(llamaRef))
    expect(error).toMatchObject({ status, reason })
    expect(error.hint).toContain(hint)
  })

  test('never show an NVIDIA key, even if the server repeats it', async () => {
    const { kube } = await clientOf((_, response) =>
      sendJson(response, statusOf(422, 'Invalid', 'Invalid value: "nvapi-test-0123456789"'), 422),
    )
    expect((await failureOf(kube.create(x))).message).toContain('Invalid value: "nvapi-[redacted]"')
  })

  test('a server that is not there is unreachable, with a command that helps', async () => {
    const { kube, server } = await clientOf(() => {})
    await server.close()
    const error = await failureOf(kube.get(xRef))
    expect(error).toMatchObject({ code: 'NEXUS_KUBE_UNREACHABLE', status: 0, reason: 'Unreachable' })
    expect(error.message).toContain(`no answer from ${server.url} (connect ECONNREFUSED`)
    expect(error.hint).toContain('nexus up')
  })

  test('a server that never answers is a timeout', async () => {
    const { kube } = await clientOf(() => {}, { timeouts: { requestMs: 50 } })
    const error = await failureOf(kube.get(xRef))
    expect(error.code).toBe('NEXUS_KUBE_TIMEOUT')
    expect(error.message).toContain('none within 0.05 s')
  })

  test('an abort is the caller’s own reason, not an error of the API', async () => {
    const stop = new AbortController()
    const { kube } = await clientOf(() => stop.abort(new Error('the user left')))
    await expect(kube.get(xRef, { signal: stop.signal })).rejects.toThrow('the user left')
  })

  test('an empty name or no namespace reaches no collection', async () => {
    const { kube, server } = await clientOf((_, response) => sendJson(response, {}))
    await expect(kube.delete(refTo(Kinds.ConfigMap, { name: '', namespace: 'demo' }))).rejects.toThrow(TypeError)
    await expect(kube.get(refTo(Kinds.ConfigMap, { name: '..', namespace: 'demo' }))).rejects.toThrow(TypeError)
    await expect(kube.get(refTo(Kinds.ConfigMap, { name: 'x' }))).rejects.toThrow('needs a namespace')
    await expect(kube.create({ ...x, metadata: { name: 'x' } })).rejects.toThrow('needs a namespace')
    expect(server.seen).toEqual([])
  })
})

/** Answers the first `times` requests by `fault`, later ones well. */
function failingFirst(times: number, fault: Script): Script {
  let left = times
  return (request, response) => {
    if (left-- > 0) fault(request, response)
    else sendJson(response, configMap('x', '1'))
  }
}

const tooMany: Script = (_, response) =>
  sendJson(response, statusOf(429, 'TooManyRequests', 'slow'), 429, { 'retry-after': '0' })
const busy: Script = (_, response) =>
  sendJson(response, statusOf(503, 'ServiceUnavailable', 'no'), 503, { 'retry-after': '0' })
const hangUp: Script = (_, response) => response.socket?.destroy()

describe('what failed is tried again only where that is safe', () => {
  test.each([
    { fault: '429', script: tooMany },
    { fault: '503 with Retry-After', script: busy },
    { fault: 'a broken connection', script: hangUp },
  ])('a read after $fault', async ({ script }) => {
    const { kube, server } = await clientOf(failingFirst(2, script))
    expect((await kube.get(xRef)).metadata.name).toBe('x')
    expect(server.seen).toHaveLength(3)
  })

  test('a write after 429, which the server has not processed', async () => {
    const { kube, server } = await clientOf(failingFirst(2, tooMany))
    await kube.create(x)
    expect(server.seen).toHaveLength(3)
  })

  test.each([
    { fault: '503 with Retry-After', script: busy },
    { fault: 'a broken connection', script: hangUp },
  ])('never a write after $fault', async ({ script }) => {
    const { kube, server } = await clientOf(failingFirst(1, script))
    await failureOf(kube.create(x))
    expect(server.seen).toHaveLength(1)
  })

  test('a read five times at most', async () => {
    const { kube, server } = await clientOf(failingFirst(9, hangUp))
    await failureOf(kube.get(xRef))
    expect(server.seen).toHaveLength(5)
  })
})

test('kindOf asks the server once for a kind it found, and again for one it did not', async () => {
  const resources = [
    { name: 'widgets', kind: 'Widget', namespaced: true },
    { name: 'widgets/status', kind: 'Widget', namespaced: true },
  ]
  const { kube, server } = await clientOf((_, response) => sendJson(response, { kind: 'APIResourceList', resources }))
  expect(await kube.kindOf('example.com/v1', 'Widget')).toEqual({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    plural: 'widgets',
    namespaced: true,
  })
  await kube.kindOf('example.com/v1', 'Widget')
  expect(await kube.kindOf('v1', 'Secret')).toBe(Kinds.Secret)
  expect(server.seen.map(({ path }) => path)).toEqual(['/apis/example.com/v1'])
  expect(await failureOf(kube.kindOf('example.com/v1', 'Gadget'))).toMatchObject({ status: 404, reason: 'NotFound' })
  expect(server.seen).toHaveLength(2)
})

test('close frees every connection', async () => {
  const { kube, server } = await clientOf((_, response) => sendJson(response, configMap('x', '1')))
  await Promise.all([kube.get(xRef), kube.get(xRef)])
  expect(server.connections.size).toBeGreaterThan(0)
  await kube.close()
  await closed(server)
  expect(server.connections.size).toBe(0)
})

/** Waits until the server has seen its connections close. */
async function closed({ connections }: ScriptedServer): Promise<void> {
  await Promise.all([...connections].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
}
