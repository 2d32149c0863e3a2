export { isNexusError, messageOf, NexusError } from './errors.ts'
export type { ErrorDetails } from './errors.ts'
export {
  apiKeySecretName,
  DeploymentName,
  imagePullSecretName,
  predictorName,
  ProjectName,
  pvcName,
  suggestDeploymentName,
} from './names.ts'
export { redact, SecretText } from './secret.ts'
export { nearest } from './nearest.ts'
