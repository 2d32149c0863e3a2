/** The Secret with the key that all older deployments of a namespace share. */
export const SHARED_KEY_SECRET = 'nvidia-nim-secrets'

/** The Secret with which all older deployments of a namespace pull their images. */
export const SHARED_PULL_SECRET = 'ngc-secret'

/** Both, in the order in which they are removed. */
export const SHARED_SECRETS = [SHARED_KEY_SECRET, SHARED_PULL_SECRET] as const

/** The variable in which a NIM container reads its key, and the data key of the Secrets that hold it. */
export const KEY_VARIABLE = 'NGC_API_KEY'

/** Pull Secrets that a migration replaces: the shared one, and the per-deployment name of early drafts. */
export function isReplacedPullSecret(secret: string, deployment: string): boolean {
  return secret === SHARED_PULL_SECRET || secret === `nvidia-nim-image-pull-${deployment}`
}
