import { messageOf } from '@nexus/core'
import { KubeApiError } from '@nexus/kube'

/** What the API server itself said, as conditions and events quote it; else the message of the error. */
export function serverMessage(thrown: unknown): string {
  return (thrown instanceof KubeApiError ? thrown.body?.message : undefined) ?? messageOf(thrown)
}
