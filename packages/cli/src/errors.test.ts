import { NexusError } from '@nexus/core'
import { KubeApiError } from '@nexus/kube'
import { describe, expect, test } from 'vitest'
import { CliError, exitCodeOf, renderError } from './errors.ts'
import { Interrupted } from './shell.ts'

const forbidden = new KubeApiError('NEXUS_KUBE_REFUSED', 'creating Secret demo/x: forbidden', {
  status: 403,
  reason: 'Forbidden',
  request: { method: 'POST', path: '/api/v1/namespaces/demo/secrets' },
})

describe('exit codes', () => {
  test.each([
    { thrown: new CliError('NEXUS_CLI_USAGE', 'x'), code: 2 },
    { thrown: new NexusError('NEXUS_DEPLOY_INPUT', 'x'), code: 2 },
    { thrown: new NexusError('NEXUS_DEPLOY_KEY_MALFORMED', 'x'), code: 2 },
    { thrown: new NexusError('NEXUS_DEPLOY_NOT_FOUND', 'x'), code: 3 },
    { thrown: new NexusError('NEXUS_DEPLOY_NAMESPACE_MISSING', 'x'), code: 3 },
    { thrown: new NexusError('NEXUS_CATALOG_UNKNOWN_MODEL', 'x'), code: 3 },
    { thrown: new NexusError('NEXUS_DEPLOY_KEY_INVALID', 'x'), code: 4 },
    { thrown: forbidden, code: 4 },
    { thrown: new CliError('NEXUS_CLI_NOT_READY', 'x'), code: 5 },
    { thrown: new NexusError('NEXUS_DEPLOY_DIFFERS', 'x'), code: 6 },
    { thrown: new NexusError('NEXUS_DEPLOY_EDIT_CONFLICT', 'x'), code: 6 },
    { thrown: new NexusError('NEXUS_DEPLOY_PROFILE_NOT_FOUND', 'x'), code: 3 },
    { thrown: new NexusError('NEXUS_DEPLOY_PVC_INCOMPATIBLE', 'x'), code: 6 },
    { thrown: new CliError('NEXUS_CLI_NOT_CONFIRMED', 'x'), code: 6 },
    { thrown: new NexusError('NEXUS_ROTATE_NO_ROOM', 'x'), code: 6 },
    { thrown: new NexusError('NEXUS_ROTATE_NOT_VERIFIED', 'x'), code: 5 },
    { thrown: new Interrupted('SIGINT'), code: 130 },
    { thrown: new TypeError('a bug'), code: 1 },
  ])('$thrown.code $thrown.name ends with $code', ({ thrown, code }) => {
    expect(exitCodeOf(thrown)).toBe(code)
  })
})

describe('an error as a person reads it', () => {
  test('says what, why and what next, and no stack', () => {
    const error = new CliError('NEXUS_CLI_GATEWAY', 'The chat failed', {
      hint: 'nexus status shows more.',
      cause: new Error('connect ECONNREFUSED 127.0.0.1:9'),
    })
    expect(renderError(error)).toBe(
      'error: The chat failed\n  because: connect ECONNREFUSED 127.0.0.1:9\n  next: nexus status shows more.',
    )
  })

  test('puts the lines of a hint under one another', () => {
    const error = new NexusError('X', 'It stopped.', { hint: 'Go on: a\nGo back: b' })
    expect(renderError(error)).toBe('error: It stopped.\n  next: Go on: a\n        Go back: b')
  })

  test('does not say the same twice', () => {
    const error = new NexusError('X', 'The deployment failed: no space', { cause: new Error('no space') })
    expect(renderError(error)).toBe('error: The deployment failed: no space')
  })

  test('shows the stack of a bug, without keys', () => {
    const text = renderError(new TypeError('cannot read nvapi-test-0123456789'))
    expect(text).toContain('errors.test.ts')
    expect(text).not.toContain('0123456789')
  })
})
