import { expect, test } from 'vitest'
import { dropOldEvents } from './event-expiry.ts'
import { Authenticator } from './http/authentication.ts'
import { ResourceRegistry } from './resources/registry.ts'
import { ObjectStore } from './store/store.ts'

function event(
  name: string,
  lastTimestamp: string,
): { apiVersion: string; kind: string; metadata: { name: string; namespace: string }; lastTimestamp: string } {
  return { apiVersion: 'v1', kind: 'Event', metadata: { name, namespace: 'default' }, lastTimestamp }
}

test('an event goes an hour after it last happened', () => {
  const store = new ObjectStore(':memory:')
  const clock = (): Date => new Date('2026-01-01T12:00:00Z')
  store.put('events', event('old', '2026-01-01T10:59:59Z'))
  store.put('events', event('new', '2026-01-01T11:00:01Z'))
  dropOldEvents({ store, clock, registry: new ResourceRegistry(), authenticator: new Authenticator(store, 't', clock) })
  expect(store.list('events').map(({ metadata }) => metadata.name)).toEqual(['new'])
  store.close()
})
