import { z } from 'zod'

/** A DNS label (RFC 1123, section 2.1), the longest name a Service or a namespace can have. */
export const DNS_LABEL_MAX_LENGTH = 63

/** KServe names a deployment's objects `<name>-predictor`; its Service must stay a DNS label. */
const PREDICTOR_SUFFIX = '-predictor'

/** A key that was typed in the place of a name would stand in every list, label and log. */
function isNoKey(name: string): boolean {
  return !name.startsWith('nvapi-')
}

const KEY_MESSAGE = 'This looks like an NVIDIA key, not like a name, and everybody would see it.'

/** Longest deployment name: 63 − 10 for "-predictor". */
export const DEPLOYMENT_NAME_MAX_LENGTH = DNS_LABEL_MAX_LENGTH - PREDICTOR_SUFFIX.length

/**
 * The name of a deployment: at most 53 characters, lower-case letters, digits and "-", starting with a letter and ending
 * with a letter or a digit. KServe refuses other InferenceService names.
 */
export const DeploymentName = z
  .string()
  .min(1, 'A deployment needs a name.')
  .max(
    DEPLOYMENT_NAME_MAX_LENGTH,
    `A deployment name has at most ${DEPLOYMENT_NAME_MAX_LENGTH} characters: KServe appends "${PREDICTOR_SUFFIX}", and a Service name ends at ${DNS_LABEL_MAX_LENGTH}.`,
  )
  .regex(
    /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    'A deployment name has lower-case letters, digits and "-", starts with a letter and ends with a letter or a digit.',
  )
  .refine(isNoKey, KEY_MESSAGE)
  .brand<'DeploymentName'>()
export type DeploymentName = z.infer<typeof DeploymentName>

/** The name of a project, which is a namespace: a DNS label. */
export const ProjectName = z
  .string()
  .min(1, 'A project needs a name.')
  .max(DNS_LABEL_MAX_LENGTH, `A project name has at most ${DNS_LABEL_MAX_LENGTH} characters.`)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'A project name has lower-case letters, digits and "-", and starts and ends with a letter or a digit.',
  )
  .refine(isNoKey, KEY_MESSAGE)
  .brand<'ProjectName'>()
export type ProjectName = z.infer<typeof ProjectName>

/** The Secret with a deployment's NVIDIA key, data key `NGC_API_KEY`. */
export function apiKeySecretName(name: string): string {
  return `nim-api-key-${name}`
}

/** The Secret with which the cluster pulls a deployment's image, type `kubernetes.io/dockerconfigjson`. */
export function imagePullSecretName(name: string): string {
  return `nim-image-pull-${name}`
}

/** The PVC that holds a deployment's weights, unless the user chose another. */
export function pvcName(name: string): string {
  return `nim-pvc-${name}`
}

/** The Deployment and Service that KServe makes of an InferenceService. */
export function predictorName(name: string): string {
  return `${name}${PREDICTOR_SUFFIX}`
}

/**
 * The name nearest to a valid deployment name that `wanted` allows, or undefined where nothing is left of it: trimmed,
 * lower-cased, runs of other characters turned into one "-", cut to the longest length.
 *
 * `suggestDeploymentName('Llama 3.1 (test)') // 'llama-3-1-test'`
 */
export function suggestDeploymentName(wanted: string): DeploymentName | undefined {
  const cleaned = wanted
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+/, '')
    .slice(0, DEPLOYMENT_NAME_MAX_LENGTH)
    .replace(/-+$/, '')
  return DeploymentName.safeParse(cleaned).data
}
