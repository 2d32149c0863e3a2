import type { PersistentVolume, PersistentVolumeClaim } from '@nexus/kube'
import { expect, test } from 'vitest'
import { chooseVolume, volumePhase } from './binding.ts'

function volume(name: string, storage: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume {
  const common = { capacity: { storage }, accessModes: ['ReadWriteOnce'], storageClassName: 'local' }
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec: { ...common, ...spec } }
}

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'weights', namespace: 'demo', uid: 'claim-uid' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } }, storageClassName: 'local' },
}
const named = { name: 'weights', namespace: 'demo' }

test.each([
  ['the smallest that is large enough', [volume('a', '50Gi'), volume('b', '10Gi'), volume('c', '9Gi')], 'b'],
  ['one reserved for it, whatever its size', [volume('a', '10Gi'), volume('b', '1Gi', { claimRef: named })], 'b'],
  ['none of another class', [volume('a', '10Gi', { storageClassName: 'other' })], undefined],
  ['none with fewer access modes', [volume('a', '10Gi', { accessModes: ['ReadOnlyMany'] })], undefined],
  ['none that another claim has', [volume('a', '10Gi', { claimRef: { ...named, name: 'other' } })], undefined],
  ['none of an earlier claim of its name', [volume('a', '10Gi', { claimRef: { ...named, uid: 'old' } })], undefined],
])('a claim gets %s', (_name, volumes, expected) => {
  expect(chooseVolume(claim, volumes)?.metadata.name).toBe(expected)
})

test.each([
  ['Available', {}, claim],
  ['Available', { claimRef: named }, claim],
  ['Bound', { claimRef: { ...named, uid: 'claim-uid' } }, claim],
  ['Released', { claimRef: { ...named, uid: 'old' } }, claim],
  ['Released', { claimRef: { ...named, uid: 'claim-uid' } }, undefined],
])('a volume is %s with %o', (phase, spec, found) => {
  expect(volumePhase(volume('a', '10Gi', spec), found)).toBe(phase)
})
