import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dress } from './config.ts'
import type { Log } from './log.ts'

export type NimDress = Extract<Dress, { kind: 'nim' }>

/** Why a NIM would refuse this key, or undefined. The key itself is never part of the answer. */
export function keyProblem(key: string | undefined): string | undefined {
  if (key === undefined || key.trim() === '') {
    return 'NGC_API_KEY is not set: a NIM downloads its weights with a personal key of build.nvidia.com'
  }
  return key.startsWith('nvapi-') ? undefined : 'NGC_API_KEY is not a personal key: it must start with nvapi-'
}

/**
 * Pretends to fetch the weights of the image: waits `startupDelayMs` and leaves a marker under the cache path. Where the
 * marker of an earlier start is found the wait is a tenth, so that a volume that outlives its pod can be seen to matter.
 */
export async function loadWeights({ image, startupDelayMs, cachePath }: NimDress, log: Log, signal: AbortSignal) {
  const marker = cachePath === undefined ? undefined : join(cachePath, 'mock-weights', markerName(image))
  const cached = marker !== undefined && (await exists(marker))
  log.info(cached ? 'Weights found in the cache' : 'Downloading weights', { image })
  await sleep(cached ? startupDelayMs / 10 : startupDelayMs, undefined, { signal })
  if (marker !== undefined && !cached) await writeMarker(marker, image)
}

/** One file per image and tag: another version of the same model has other weights. */
function markerName(image: string): string {
  return `${image.replaceAll(/[^-._a-zA-Z0-9]+/g, '_')}.json`
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** Written beside and renamed: a start that is killed leaves no half a download that the next one would trust. */
async function writeMarker(path: string, image: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  const partial = `${path}.${process.pid}.partial`
  await writeFile(partial, `${JSON.stringify({ image, downloaded: new Date().toISOString() })}\n`)
  await rename(partial, path)
}
