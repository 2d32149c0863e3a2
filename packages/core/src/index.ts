export { isNexusError, messageOf, NexusError } from './errors.ts'
export type { ErrorDetails } from './errors.ts'
export {
  apiKeySecretName,
  DeploymentName,
  DEPLOYMENT_NAME_MAX_LENGTH,
  imagePullSecretName,
  predictorName,
  ProjectName,
  pvcName,
  suggestDeploymentName,
} from './names.ts'
export { redact, SecretText } from './secret.ts'
export { nearest } from './nearest.ts'
