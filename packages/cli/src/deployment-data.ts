import type { NIMDeployment } from '@nexus/nim-serving'

/** A deployment as `-o json` and `-o yaml` show it: what the table shows, and nothing of a Secret. */
export function deploymentData(deployment: NIMDeployment): object {
  const { name, project, displayName, model, tag, image, replicas, maxReplicas, gpus } = deployment
  const { createdAt, pvcName: pvc, endpoints, state } = deployment
  return {
    name,
    project,
    displayName,
    model,
    tag,
    image,
    replicas,
    maxReplicas,
    gpus,
    createdAt,
    pvc,
    endpoints,
    state,
  }
}
