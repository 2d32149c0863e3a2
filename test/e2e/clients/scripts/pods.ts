import { eventually } from '@nexus/kube/testing'
import { expect } from 'vitest'
import type { Transcript } from '../transcript.ts'

/** Runs pods and Jobs, those that cannot run, too, and takes the node out of use. */
export async function pods(script: Transcript): Promise<void> {
  await script.run([
    'kubectl',
    'create',
    'job',
    'hello',
    '--image=busybox:1.36',
    '--',
    'sh',
    '-c',
    'echo one; echo two',
  ])
  await script.run('kubectl wait --for=condition=Complete job/hello --timeout=90s')
  await script.run('kubectl get job hello')
  await script.run('kubectl logs job/hello')
  await script.run('kubectl logs job/hello --tail=1')
  await script.run(['kubectl', 'create', 'job', 'bad', '--image=busybox:1.36', '--', 'sh', '-c', 'exit 3'])
  await script.run('kubectl wait --for=jsonpath={.status.failed}=1 job/bad --timeout=90s')
  await script.run('kubectl delete job hello bad')
  await script.run('kubectl run alone --image=nexus-model-worker:v1 --restart=Never --port=8001')
  await script.run('kubectl wait --for=condition=Ready pod/alone --timeout=90s')
  await script.run('kubectl get pod alone -o jsonpath={.status.phase}')
  await script.run('kubectl logs alone -c nothing')
  await script.run('kubectl expose pod alone --port=80 --target-port=8001')
  await script.run('kubectl get service alone')
  await script.run('kubectl run never --image=registry.example.com/unknown:1 --restart=Never')
  await script.run(
    'kubectl run greedy --image=busybox:1.36 --restart=Never --overrides={"spec":{"containers":[{"name":"greedy","image":"busybox:1.36","resources":{"limits":{"nvidia.com/gpu":"64"}}}]}}',
  )
  await eventually(async () => {
    expect((await script.quietly('kubectl events --for pod/greedy')).stdout).toContain('FailedScheduling')
    expect((await script.quietly('kubectl get pod never')).stdout).toMatch(/ErrImagePull|ImagePullBackOff/)
  })
  await script.run([
    'kubectl',
    'get',
    'events',
    '--field-selector=involvedObject.name=greedy',
    '-o',
    'jsonpath={.items[0].reason} {.items[0].message}',
  ])
  await script.run('kubectl delete service alone')
  await script.run('kubectl delete pod alone never greedy --wait')
  const [node = ''] = (await script.quietly('kubectl get node -o name')).stdout.trim().split('\n')
  await script.run(`kubectl cordon ${node}`)
  await script.run('kubectl get node')
  await script.run(`kubectl uncordon ${node}`)
  await script.run(`kubectl describe ${node} --show-events=false`, { keep: 'last' })
}
