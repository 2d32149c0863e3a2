import type { Transcript } from '../transcript.ts'

/** Creates, reads, labels, patches and deletes objects. */
export async function objects(script: Transcript): Promise<void> {
  await script.run('kubectl create configmap settings --from-literal=color=red --from-literal=size=3')
  await script.run('kubectl create secret generic login --from-literal=user=ann')
  await script.run(
    'kubectl create secret docker-registry pull --docker-server=nvcr.io --docker-username=ann --docker-password=x',
  )
  await script.run('kubectl get configmap/settings secret/login secret/pull')
  await script.run('kubectl get configmap settings -o yaml')
  await script.run(['kubectl', 'get', 'secret', 'pull', '-o', 'jsonpath={.type} {.data}'])
  await script.run('kubectl create configmap settings --from-literal=color=red')
  await script.run('kubectl label configmap settings tier=front')
  await script.run('kubectl label configmap settings tier=back')
  await script.run('kubectl label configmap settings tier=back --overwrite')
  await script.run('kubectl annotate configmap settings note=hello')
  await script.run('kubectl get configmap -l tier=back -L tier')
  await script.run('kubectl get configmap -l tier=back --show-labels --no-headers')
  await script.run(['kubectl', 'patch', 'configmap', 'settings', '-p', '{"data":{"color":"blue"}}'])
  await script.run([
    'kubectl',
    'patch',
    'configmap',
    'settings',
    '--type=json',
    '-p',
    '[{"op":"remove","path":"/data/size"}]',
  ])
  await script.run([
    'kubectl',
    'patch',
    'configmap',
    'settings',
    '--type=merge',
    '-p',
    '{"data":{"color":null,"shape":"round"}}',
  ])
  await script.run('kubectl get configmap settings -o jsonpath={.data}')
  await script.run([
    'kubectl',
    'patch',
    'configmap',
    'settings',
    '--type=json',
    '-p',
    '[{"op":"test","path":"/data/shape","value":"x"}]',
  ])
  await script.run('kubectl label configmap settings tier-')
  await script.run('kubectl describe configmap settings')
  await script.run('kubectl describe secret login')
  await script.run('kubectl get configmap nothing')
  await script.run('kubectl get nothing')
  await script.run('kubectl delete configmap settings --dry-run=server')
  await script.run('kubectl delete configmap settings --wait')
  await script.run('kubectl delete secret login pull nothing --ignore-not-found')
  await script.run('kubectl delete configmap settings')
}
