// Vitest's global setup: the control planes that the tests of a run share. It runs in Vitest's own process.

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '@nexus/core'
import type { TestProject } from 'vitest/node'
import { controlPlaneAssets } from './assets.ts'
import { startControlPlane } from './control-plane.ts'
import type { ControlPlane } from './control-plane.ts'
import { portOf } from './ports.ts'

/** Tells tests where to ask for a control plane: a run whose tests ask for none starts none. Returns the teardown. */
export async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  const assets = await controlPlaneAssets()
  if (assets === undefined) return undefined
  const home = await mkdtemp(join(tmpdir(), 'nexus-control-planes-'))
  const planes = new Map<string, Promise<ControlPlane>>()
  const server = createServer(({ url = '' }, response) => {
    const plane = planes.get(url) ?? start(assets, home, url)
    planes.set(url, plane)
    void answer(response, plane)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  provide('controlPlanes', `http://127.0.0.1:${portOf(server.address())}`)
  return async () => {
    server.close()
    server.closeAllConnections()
    for (const started of await Promise.allSettled(planes.values()))
      if (started.status === 'fulfilled') await started.value.stop()
    await rm(home, { recursive: true, force: true })
  }
}

function start(assets: string, home: string, url: string): Promise<ControlPlane> {
  return startControlPlane({ assets, dir: join(home, url.slice(1)), controllers: url === '/with-controllers' })
}

async function answer(response: ServerResponse, plane: Promise<ControlPlane>): Promise<void> {
  try {
    response.end((await plane).kubeconfig)
  } catch (error) {
    response.writeHead(500).end(messageOf(error))
  }
}
