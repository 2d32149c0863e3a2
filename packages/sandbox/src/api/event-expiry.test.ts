import { expect, test, vi } from 'vitest'
import { Authenticator } from './authentication/authenticator.ts'
import { ServiceAccountTokens } from './authentication/service-account-tokens.ts'
import { newSigningKey } from './authentication/signing-key.ts'
import { Authorizer } from './authorization/authorizer.ts'
import type { Cluster } from './cluster.ts'
import { dropOldEvents, startEventExpiry } from './event-expiry.ts'
import { ResourceRegistry } from './resources/registry.ts'
import { ObjectStore } from './store/store.ts'

function event(
  name: string,
  lastTimestamp: string,
): { apiVersion: string; kind: string; metadata: { name: string; namespace: string }; lastTimestamp: string } {
  return { apiVersion: 'v1', kind: 'Event', metadata: { name, namespace: 'default' }, lastTimestamp }
}

function clusterOf(store: ObjectStore, onFault: (error: unknown) => void = () => {}): Cluster {
  const clock = (): Date => new Date('2026-01-01T12:00:00Z')
  return {
    store,
    clock,
    registry: new ResourceRegistry(),
    authenticator: new Authenticator(new ServiceAccountTokens(store, newSigningKey(), clock), 't'),
    authorizer: new Authorizer(store),
    onFault,
  }
}

test('an event goes an hour after it last happened', () => {
  const store = new ObjectStore(':memory:')
  store.put('events', event('old', '2026-01-01T10:59:59Z'))
  store.put('events', event('new', '2026-01-01T11:00:01Z'))
  dropOldEvents(clusterOf(store))
  expect(store.list('events').map(({ metadata }) => metadata.name)).toEqual(['new'])
  store.close()
})

test('a sweep that cannot write is reported and tried again, and ends nothing', () => {
  vi.useFakeTimers()
  const store = new ObjectStore(':memory:')
  store.put('events', event('old', '2026-01-01T10:59:59Z'))
  store.close()
  const faults: unknown[] = []
  const stop = startEventExpiry(clusterOf(store, (fault) => faults.push(fault)))
  vi.advanceTimersByTime(120_000)
  stop()
  vi.useRealTimers()
  expect(faults).toHaveLength(2)
})
