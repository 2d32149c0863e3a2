import { cp, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../clusters/paths.ts'

/** A copy of `k8s/` to change things in. */
export async function copyOfManifests(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-manifests-'))
  await cp(join(root, 'k8s'), dir, { recursive: true })
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
