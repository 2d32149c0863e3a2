import type { Pod } from '@nexus/kube'
import { expect, test } from 'vitest'
import { SERVICE_ACCOUNT_PATH, withServiceAccountVolume } from './service-account-volume.ts'

function pod(spec: Partial<Pod['spec']>): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'llama' },
    spec: { containers: [{ name: 'main' }], ...spec },
  }
}

function mounted({ spec }: Pod): (string | undefined)[] {
  const all = [...(spec.initContainers ?? []), ...spec.containers]
  return all.map(
    ({ volumeMounts = [] }) => volumeMounts.find(({ mountPath }) => mountPath === SERVICE_ACCOUNT_PATH)?.name,
  )
}

test('each container gets the token of its ServiceAccount', () => {
  const given = withServiceAccountVolume(pod({ initContainers: [{ name: 'init' }] }))
  expect(mounted(given)).toEqual(['kube-api-access', 'kube-api-access'])
  expect(given.spec.volumes?.map(({ name }) => name)).toEqual(['kube-api-access'])
})

test('a pod that wants none gets none', () => {
  const spec = pod({ automountServiceAccountToken: false })
  expect(withServiceAccountVolume(spec)).toBe(spec)
})

test('what admission has mounted stays', () => {
  const volumeMounts = [{ name: 'kube-api-access-x7z', mountPath: SERVICE_ACCOUNT_PATH }]
  const spec = pod({ containers: [{ name: 'main', volumeMounts }] })
  expect(withServiceAccountVolume(spec)).toBe(spec)
})
