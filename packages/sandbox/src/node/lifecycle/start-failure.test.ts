import { expect, test } from 'vitest'
import { ConfigError } from '../launch/environment.ts'
import { MountError } from '../volumes/mount-error.ts'
import { imageFailure, startFailure } from './start-failure.ts'

const container = { name: 'main', image: 'nginx' }

test.each([
  [1, 'ErrImagePull', 10_000],
  [2, 'ImagePullBackOff', 20_000],
  [9, 'ImagePullBackOff', 300_000],
])('try %i for an image ends in %s and waits %i ms', (failures, reason, delayMs) => {
  const { state, events } = imageFailure(container, failures, 1000)
  expect(state).toMatchObject({ phase: 'waiting', reason, retryAt: 1000 + delayMs })
  expect(events.map(({ message }) => message)).toEqual([
    expect.stringContaining('Failed to pull image "nginx": the sandbox has no program'),
    `Error: ${reason}`,
  ])
})

test.each([
  [new ConfigError('secret "x" not found'), 'CreateContainerConfigError', 'secret "x" not found', 'Failed'],
  [new MountError('data', 'not bound'), 'ContainerCreating', undefined, 'FailedMount'],
  [new Error('spawn ENOENT'), 'CreateContainerError', 'spawn ENOENT', 'Failed'],
])('%s becomes %s', (error, reason, message, eventReason) => {
  const { state, events } = startFailure(container, error, 1000, {
    phase: 'waiting',
    reason: 'ContainerCreating',
    retryAt: 0,
  })
  expect(state).toEqual({ phase: 'waiting', reason, retryAt: 3000, ...(message !== undefined && { message }) })
  expect(events.map((event) => event.reason)).toEqual([eventReason])
})
