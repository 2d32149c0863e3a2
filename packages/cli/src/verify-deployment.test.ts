import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { portOf } from '@nexus/kube/testing'
import type { NodeKubeClient } from '@nexus/kube/node'
import { afterEach, describe, expect, test } from 'vitest'
import type { Shell } from './shell.ts'
import { deploymentVerifier } from './verify-deployment.ts'

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: c
clusters: [{ name: c, cluster: { server: 'https://127.0.0.1:1' } }]
users: [{ name: u, user: { token: t } }]
contexts: [{ name: c, context: { cluster: c, user: u } }]
`

const ref = { name: 'llama', project: 'demo' }

describe('a request that shows that a deployment answers', () => {
  const servers: Server[] = []

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    }
  })

  /** A gateway that answers with these, one after the other, the last one ever after. */
  async function gatewayWith(...statuses: number[]): Promise<{ shell: Shell; asked: unknown[] }> {
    const asked: unknown[] = []
    const server = createServer((request, response) => {
      void request
        .setEncoding('utf8')
        .toArray()
        .then((chunks) => {
          const body: unknown = JSON.parse(chunks.join(''))
          asked.push(body)
          response.writeHead(statuses[asked.length - 1] ?? statuses.at(-1) ?? 500)
          response.end(JSON.stringify({ error: { message: 'no such model' } }))
        })
    })
    servers.push(server)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    return { shell: shellWith(`http://127.0.0.1:${portOf(server.address())}`), asked }
  }

  test('goes through the gateway, and again until that knows the new pods', async () => {
    const { shell, asked } = await gatewayWith(404, 200)
    const verify = await deploymentVerifier(serverWith(500), {}, shell)
    await verify(ref)
    expect(asked).toHaveLength(2)
    expect(asked[0]).toMatchObject({ model: 'demo/llama', max_tokens: 1 })
  })

  test('counts a refusal of the model itself as an answer', async () => {
    const { shell } = await gatewayWith(400)
    await expect((await deploymentVerifier(serverWith(500), {}, shell))(ref)).resolves.toBeUndefined()
  })

  test('is not repeated where the gateway does not know the key', async () => {
    const { shell, asked } = await gatewayWith(401)
    await expect((await deploymentVerifier(serverWith(500), {}, shell))(ref)).rejects.toThrow('no such model')
    expect(asked).toHaveLength(1)
  })

  test('goes through the API server where no gateway is known, and says so when that does not help', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'nexus-verify-'))
    const kubeconfig = join(dir, 'config')
    await writeFile(kubeconfig, KUBECONFIG)
    const shell: Shell = { ...shellWith(''), env: { KUBECONFIG: kubeconfig } }
    const paths: string[] = []
    await (
      await deploymentVerifier(serverWith(200, paths), {}, shell)
    )(ref)
    expect(paths).toEqual(['/api/v1/namespaces/demo/services/http:llama-predictor:80/proxy/v1/models'])
    const refused = (await deploymentVerifier(serverWith(403), {}, shell))(ref)
    await expect(refused).rejects.toThrow(
      'the API server answers 403 for its Service; name a gateway with --gateway-url',
    )
    await rm(dir, { recursive: true })
  })

  test('ends with its caller', async () => {
    const { shell } = await gatewayWith(503)
    const verify = await deploymentVerifier(serverWith(500), {}, shell)
    const stop = new AbortController()
    const asked = verify(ref, stop.signal)
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow(/enough|aborted/)
  })
})

/** An API server whose proxy answers with this. */
function serverWith(status: number, paths: string[] = []): Pick<NodeKubeClient, 'transport'> {
  return {
    transport: {
      server: 'https://127.0.0.1:1',
      call: ({ path }) => {
        paths.push(path)
        return Promise.resolve({ status, header: () => undefined, text: '{}' })
      },
      open: () => Promise.reject(new Error('opened')),
    },
  }
}

function shellWith(url: string): Shell {
  return {
    env: { NEXUS_GATEWAY_URL: url, NEXUS_API_KEY: 'k'.repeat(20), KUBECONFIG: '/nonexistent' },
    stdin: Readable.from([]),
    interactive: false,
    signal: new AbortController().signal,
    out: () => {},
    talk: () => {},
  }
}
