import type { NIMDeployment } from '@nexus/nim-serving'

/** A deployment as `-o json` and `-o yaml` show it: what the table shows, and nothing of a Secret. */
export function deploymentData(deployment: NIMDeployment): object {
  const { name, project, displayName, model, tag, image, replicas, gpus, createdAt, pvcName, endpoints, state } =
    deployment
  return { name, project, displayName, model, tag, image, replicas, gpus, createdAt, pvc: pvcName, endpoints, state }
}
