import { SecretText } from '@nexus/core'
import { DeployError } from '../errors.ts'

/** Where a person makes a personal key. */
export const KEY_PAGE = 'https://org.ngc.nvidia.com/setup/api-keys'

/** What a text looks like, before anybody is asked about it. */
export type KeyShape = 'personal' | 'legacy' | 'malformed'

/** Twelve characters at least, so that the four which interfaces show stay a small part of the key. */
const PERSONAL = /^nvapi-[\w-]{6,}$/

/** Keys of the older kinds have no prefix: one long run of base64 characters. */
const LEGACY = /^(?!nvapi-)[\w+/=-]{40,}$/

export function shapeOfKey(text: string): KeyShape {
  const trimmed = text.trim()
  if (PERSONAL.test(trimmed)) return 'personal'
  return LEGACY.test(trimmed) ? 'legacy' : 'malformed'
}

/**
 * A personal NVIDIA key (`nvapi-…`) out of what a person pasted, without the white space around it.
 * @throws DeployError `NEXUS_DEPLOY_KEY_LEGACY` or `NEXUS_DEPLOY_KEY_MALFORMED`, neither quoting the text.
 */
export function parseKey(text: string): SecretText {
  const shape = shapeOfKey(text)
  if (shape !== 'personal') throw keyShapeError(shape)
  return new SecretText(text.trim())
}

/** The error for a text that is no personal key. */
export function keyShapeError(shape: 'legacy' | 'malformed'): DeployError {
  const hint = `Make a personal key at ${KEY_PAGE}; it starts with "nvapi-".`
  return shape === 'legacy'
    ? new DeployError(
        'NEXUS_DEPLOY_KEY_LEGACY',
        'This is a legacy NGC key. NIM containers accept personal keys only.',
        {
          hint,
        },
      )
    : new DeployError(
        'NEXUS_DEPLOY_KEY_MALFORMED',
        'This is not a personal NVIDIA key: it has to be "nvapi-" and letters, digits, "-" or "_", on one line.',
        { hint },
      )
}
