import { expect } from 'vitest'
import type { Transcript } from '../transcript.ts'

const manifests = 'test/manifests/loop'

/** Applies a kustomization and rolls its Deployment out, back, on, and away. */
export async function rollout(script: Transcript): Promise<void> {
  await script.run(`kubectl diff -k ${manifests}`, { keep: 'last' })
  await script.run(`kubectl apply -k ${manifests}`)
  await script.run('kubectl rollout status deployment/loop-worker --timeout=90s', { keep: 'last' })
  await script.run(`kubectl apply -k ${manifests}`)
  await script.run(`kubectl diff -k ${manifests}`)
  await script.run('kubectl wait --for=condition=Available deployment/loop-worker --timeout=90s')
  await script.run('kubectl wait --for=condition=Ready pod -l app=worker --timeout=90s')
  await script.run('kubectl get deployment,replicaset,pod,service,endpointslice')
  await script.run('kubectl get deployment loop-worker -o wide')
  await script.run('kubectl set image deployment/loop-worker worker=nexus-model-worker:v2')
  await script.run('kubectl rollout status deployment/loop-worker --timeout=90s', { keep: 'last' })
  await script.run('kubectl annotate deployment/loop-worker kubernetes.io/change-cause=second')
  await script.run('kubectl rollout history deployment/loop-worker')
  await script.run('kubectl rollout history deployment/loop-worker --revision=1')
  await script.run('kubectl rollout undo deployment/loop-worker')
  await script.run('kubectl rollout status deployment/loop-worker --timeout=90s', { keep: 'last' })
  await script.run('kubectl get deployment loop-worker -o jsonpath={.spec.template.spec.containers[0].image}')
  await script.run('kubectl rollout pause deployment/loop-worker')
  await script.run('kubectl set env deployment/loop-worker LEVEL=debug')
  await script.run('kubectl get replicaset --sort-by=.spec.replicas --no-headers')
  await script.run('kubectl rollout resume deployment/loop-worker')
  await script.run('kubectl rollout status deployment/loop-worker --timeout=90s', { keep: 'last' })
  await script.run('kubectl rollout restart deployment/loop-worker')
  await script.run('kubectl rollout status deployment/loop-worker --timeout=90s', { keep: 'last' })
  await script.run('kubectl rollout history deployment/loop-worker')
  await script.run('kubectl scale deployment/loop-worker --replicas=1')
  await script.run('kubectl rollout status deployment/loop-worker --timeout=90s', { keep: 'last' })
  await script.run('kubectl wait --for=jsonpath={.status.replicas}=1 deployment/loop-worker --timeout=90s')
  await script.run('kubectl scale deployment/loop-worker --replicas=2 --current-replicas=7')
  await script.run('kubectl describe deployment loop-worker')
  await script.run('kubectl describe service loop-worker')
  expect((await script.quietly('kubectl logs deployment/loop-worker --tail=5')).stdout).toContain('Listening')
  await script.run(`kubectl delete -k ${manifests} --wait`)
  await script.quietly('kubectl wait --for=delete pod -l app=worker --timeout=90s')
  await script.run('kubectl get all')
}
