import { Kinds } from '@nexus/kube'
import type { Kind } from '@nexus/kube'

/** Kinds that may name a Secret or a PVC, besides those that a deployment consists of, and that every cluster has. */
export const USING_KINDS: readonly Kind[] = [Kinds.ServiceAccount, Kinds.Deployment]

/** Such kinds that not every cluster has. The key Secret of a project's Account is called as the one old deployments share. */
export const OPTIONAL_USING_KINDS: readonly Kind[] = [
  namespaced('apps/v1', 'StatefulSet', 'statefulsets'),
  namespaced('apps/v1', 'DaemonSet', 'daemonsets'),
  namespaced('batch/v1', 'Job', 'jobs'),
  namespaced('batch/v1', 'CronJob', 'cronjobs'),
  namespaced('nim.opendatahub.io/v1', 'Account', 'accounts'),
  namespaced('apps.nvidia.com/v1alpha1', 'NIMService', 'nimservices'),
]

function namespaced(apiVersion: string, kind: string, plural: string): Kind {
  return { apiVersion, kind, plural, namespaced: true }
}
