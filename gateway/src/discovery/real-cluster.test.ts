import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, chat, startServer, startTestGateway, TEST_KEY } from '../testing/running.ts'

const run = promisify(execFile)
const kubelab = join(import.meta.dirname, '../../../../shared/kubelab')
const port = 17500
const hasKubectl = (process.env['PATH'] ?? '').split(delimiter).some((dir) => existsSync(join(dir, 'kubectl')))

/** A kube-apiserver with KServe's own CRDs; ends with the test. Its folder serves as the ServiceAccount's. */
async function startCluster() {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-gateway-lab-'))
  onTestFinished(async () => {
    await run(join(kubelab, 'down'), [dir])
    await rm(dir, { recursive: true, force: true })
  })
  await run(join(kubelab, 'up'), ['--dir', dir, '--port', String(port), '--crds', '--no-controllers'])
  await writeFile(join(dir, 'token'), 'admintoken')
  await copyFile(join(dir, 'certs/apiserver.crt'), join(dir, 'ca.crt'))
  const kubectl = (...args: string[]) => run('kubectl', ['--kubeconfig', join(dir, 'kubeconfig'), ...args])
  // A CRD is served a moment after it was created.
  const isServed = (): Promise<boolean> =>
    kubectl('get', 'inferenceservices', '-A').then(
      () => true,
      () => false,
    )
  await expect.poll(isServed, { timeout: 30_000, interval: 250 }).toBe(true)
  return { dir, kubectl }
}

async function createInferenceService(
  dir: string,
  kubectl: (...args: string[]) => Promise<unknown>,
  project: string,
): Promise<void> {
  const file = join(dir, `${project}.json`)
  const predictor = { model: { modelFormat: { name: 'llama' }, runtime: 'llama' } }
  const metadata = { name: 'llama', namespace: project }
  const object = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', metadata, spec: { predictor } }
  await writeFile(file, JSON.stringify(object))
  await kubectl('create', 'namespace', project)
  await kubectl('create', '-f', file)
}

async function modelIds(gatewayUrl: string): Promise<string[]> {
  const response = await fetch(`${gatewayUrl}/v1/models`, { headers: { 'x-api-key': TEST_KEY } })
  return [...(await response.text()).matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id ?? '')
}

test.skipIf(!existsSync(kubelab) || !hasKubectl)(
  'follows InferenceServices of a real API server from created to ready to deleted (skipped: needs kubectl and ../shared/kubelab)',
  { timeout: 90_000 },
  async () => {
    const { dir, kubectl } = await startCluster()
    const received: string[] = []
    const modelServer = await startServer((request, response) => {
      request.on('data', (chunk) => received.push(String(chunk)))
      response.end(request.method === 'GET' ? '{"data":[{"id":"meta/llama"}]}' : '{"answer":true}')
    })
    const gateway = await startTestGateway({
      GATEWAY_DISCOVERY: 'kubernetes',
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(port),
      NEXUS_SERVICE_ACCOUNT_DIR: dir,
    })
    const setReady = (project: string, status: 'True' | 'False'): Promise<unknown> => {
      const patch = { status: { address: { url: modelServer }, conditions: [{ type: 'Ready', status }] } }
      const args = ['--subresource', 'status', '--type', 'merge', '-p', JSON.stringify(patch)]
      return kubectl('patch', 'inferenceservice', 'llama', '-n', project, ...args)
    }

    await createInferenceService(dir, kubectl, 'demo')
    expect(await modelIds(gateway.url)).toEqual([])
    await setReady('demo', 'True')
    await eventually(() => modelIds(gateway.url)).toEqual(['demo/llama', 'meta/llama'])
    expect((await chat(gateway.url, '{"model":"demo/llama", "n":1}')).status).toBe(200)
    expect(received.at(-1)).toBe('{"model":"meta/llama", "n":1}')

    await createInferenceService(dir, kubectl, 'other')
    await setReady('other', 'True')
    await eventually(() => modelIds(gateway.url)).toEqual(['demo/llama', 'other/llama'])
    const ambiguous = await chat(gateway.url, { model: 'meta/llama' })
    expect(ambiguous.status).toBe(400)
    expect(await ambiguous.text()).toContain('demo/llama, other/llama')

    await setReady('demo', 'False')
    await eventually(() => modelIds(gateway.url)).toEqual(['meta/llama', 'other/llama'])
    expect((await chat(gateway.url, { model: 'demo/llama' })).status).toBe(503)
    await kubectl('delete', 'inferenceservice', 'llama', '-n', 'other')
    await eventually(() => modelIds(gateway.url)).toEqual([])
  },
)
