import { hasProgram } from '@nexus/kube/testing'
import { describe, expect, test } from 'vitest'
import { COMPONENTS, KUSTOMIZATIONS, parseManifests, render, renderShown, renderWith } from './kustomizations.ts'

/** Those that are no part of another one, or differ from their parts. `overlays/mock` is compared with `k8s` below. */
const GOLDEN = ['k8s', 'k8s/overlays/gpu', 'k8s/overlays/gpu/sglang', 'k8s/overlays/platform'] as const

// The catalog is tested where it is made: here its two ConfigMaps would be ten thousand lines.
const CATALOG = /^ {2}name: nim-(?:models-data|http-template)$/m

describe.skipIf(!hasProgram('kubectl'))('rendered manifests', () => {
  test.each(KUSTOMIZATIONS)('%s builds', async (kustomization) => {
    expect(documentsOf(await render(kustomization)).length).toBeGreaterThan(3)
  })

  test.each(GOLDEN)('%s', async (kustomization) => {
    const documents = documentsOf(await render(kustomization))
    await expect(documents.join('---\n')).toMatchFileSnapshot(`testdata/${kustomization.replaceAll('/', '-')}.yaml`)
  })

  test.each(COMPONENTS)('what $component changes of $on', async ({ component, on }) => {
    const [before, after] = [documentsOf(await render(on)), documentsOf(await renderWith(component, on))]
    const names = new Set(after.map(nameOf))
    const removed = before.map(nameOf).filter((name) => !names.has(name))
    const changed = after.filter((document) => !before.includes(document))
    expect(changed.length).toBeGreaterThan(0)
    const text = [`# without ${removed.join(', ') || 'nothing'}\n`, ...changed].join('---\n')
    await expect(text).toMatchFileSnapshot(`testdata/${on.replaceAll('/', '-')}+${component}.yaml`)
  })

  test('k8s/ and k8s/overlays/mock are the same, byte for byte', async () => {
    expect(await render('k8s/overlays/mock')).toBe(await render('k8s'))
  })

  test.each([
    { page: 'k8s/README.md', folder: '.', holds: /^kind: HTTPRoute$/m },
    { page: 'k8s/gateway/README.md', folder: 'mine', holds: /^ +- mountPath: \/etc\/nexus$/m },
  ])('the kustomization that $page shows builds', async ({ page, folder, holds }) => {
    expect(await renderShown(page, folder)).toMatch(holds)
  })
})

function documentsOf(text: string): string[] {
  return text.split(/^---\n/m).filter((document) => !CATALOG.test(document))
}

function nameOf(document: string): string {
  return parseManifests(document)
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .join()
}
