import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { shownFiles } from '../../k8s/kustomizations.ts'
import { root } from '../clusters/paths.ts'

/** A copy of `k8s/` to change things in. */
export async function copyOfManifests(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-manifests-'))
  await cp(join(root, 'k8s'), dir, { recursive: true })
  return dir
}

/** The kustomization with a configuration file that `k8s/gateway/README.md` shows, on the manifests to try out and their worker. */
export async function withConfigurationFile(manifests: string): Promise<string> {
  const dir = join(manifests, 'with-file')
  await mkdir(dir)
  for (const { name, text } of await shownFiles('k8s/gateway/README.md')) {
    const here = text.replace('../k8s/overlays/platform', '../overlays/mock').replace('target: large', 'target: worker')
    await writeFile(join(dir, name), here)
  }
  return dir
}

/** One chat, with the key that everybody knows. */
export async function chat(
  url: string,
  model = 'mock-worker',
): Promise<{ status: number; upstream: string; body: string }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'dev-key' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  })
  return {
    status: response.status,
    upstream: response.headers.get('x-upstream') ?? '',
    body: await response.text(),
  }
}

/** The models that a gateway offers to the key that everybody knows. */
export async function modelsOf(url: string): Promise<string[]> {
  const response = await fetch(`${url}/v1/models`, { headers: { 'x-api-key': 'dev-key' } })
  return Models.parse(await response.json()).data.map(({ id }) => id)
}

const Models = z.object({ data: z.array(z.object({ id: z.string() })) })

/** How many of so many chats each upstream answered, a few at a time. */
export async function servedBy(url: string, model: string, calls: number): Promise<Record<string, number>> {
  const counted: Record<string, number> = {}
  let left = calls
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const { status, upstream, body } = await chat(url, model)
      if (status !== 200) throw new Error(`${status}: ${body}`)
      counted[upstream] = (counted[upstream] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 16 }, caller))
  return counted
}
