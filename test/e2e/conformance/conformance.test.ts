import { join } from 'node:path'
import { controlPlaneAssets } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../clusters/paths.ts'
import { AREAS } from './areas.ts'
import type { ConformanceCase } from './case.ts'
import { runOnBoth, transcript } from './compare.ts'
import type { Comparison } from './compare.ts'
import { renderReport } from './report.ts'
import { startRealServer, startSandboxServer } from './servers.ts'
import type { StartedServer } from './servers.ts'

const assets = await controlPlaneAssets()

describe.skipIf(assets === undefined)('the sandbox answers as Kubernetes does (needs a control plane)', () => {
  const results = new Map<ConformanceCase, Comparison>()
  const running = new AsyncDisposableStack()
  let servers: { sandbox: StartedServer; kubernetes: StartedServer }

  beforeAll(async () => {
    const [sandbox, kubernetes] = await Promise.all([startSandboxServer(), startRealServer(assets ?? '')])
    running.use(sandbox)
    running.use(kubernetes)
    servers = { sandbox, kubernetes }
  })
  afterAll(() => running.disposeAsync())

  for (const [index, { area, cases, isAlone = false }] of AREAS.entries()) {
    // In namespaces of their own most cases do not meet, and mostly they wait for a controller.
    describe(area, { concurrent: !isAlone }, () => {
      const numbered = cases.map((one, number) => ({ title: one.title, one, number }))
      // Two controllers do not always take the same moment to do the same: what is alike in one try of three, in a
      // namespace of its own each, is alike.
      test.for(numbered)('$title', { retry: 2 }, async ({ one, number }, { task }) => {
        const attempt = task.result?.retryCount ?? 0
        const comparison = await runOnBoth(
          one,
          `conformance-${index}-${number}${attempt > 0 ? `-${attempt}` : ''}`,
          servers,
        )
        results.set(one, comparison)
        const [sandbox, kubernetes] = [transcript(comparison.sandbox), transcript(comparison.kubernetes)]
        if (one.differs === undefined) expect(sandbox).toBe(kubernetes)
        else expect(sandbox, 'they answer alike: the case needs no exception').not.toBe(kubernetes)
      })
    })
  }

  test('docs/reference/sandbox-conformance.md shows the answers of both', async () => {
    expect(results.size).toBe(AREAS.flatMap(({ cases }) => cases).length)
    const page = join(root, 'docs', 'reference', 'sandbox-conformance.md')
    await expect(renderReport(AREAS, results)).toMatchFileSnapshot(page)
  })
})
