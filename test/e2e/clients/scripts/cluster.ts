import { expect } from 'vitest'
import type { Transcript } from '../transcript.ts'

/** Asks the cluster about itself. */
export async function cluster(script: Transcript): Promise<void> {
  expect((await script.quietly('kubectl explain deployment.spec.replicas')).stdout).toContain(
    'FIELD: replicas <integer>',
  )
  expect((await script.quietly('kubectl explain pod.spec.containers')).stdout).toContain(
    'FIELD: containers <[]Container>',
  )
  await script.run('kubectl explain inferenceservice.nothing')
  await script.run('kubectl api-resources --api-group=rbac.authorization.k8s.io --no-headers')
  await script.run(
    'kubectl api-resources --api-group=serving.kserve.io --no-headers --namespaced --verbs=watch -o name',
  )
  expect((await script.quietly('kubectl version -o json')).stdout).toContain('"minor": "34"')
  await script.run('kubectl cluster-info')
  await script.run('kubectl get --raw /readyz')
  await script.run('kubectl get namespace clients')
  await script.run('kubectl describe namespace clients')
}
