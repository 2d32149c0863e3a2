import type { Transcript } from '../transcript.ts'

const chart = 'test/charts/loop'

/** Takes a release of the chart through helm's life cycle, failing hooks included. */
export async function helm(script: Transcript): Promise<void> {
  await script.run(`helm install web ${chart} --wait --timeout 90s`)
  await script.run('helm status web')
  await script.run('helm list')
  await script.run('helm get manifest web')
  await script.run('kubectl get deployment,service,job,widget')
  await script.run('helm test web --timeout 90s')
  await script.run('kubectl logs web-answers')
  await script.run(`helm install web ${chart}`)
  await script.run(`helm upgrade web ${chart} --set replicas=9`)
  await script.run(`helm upgrade web ${chart} --set model=other --dry-run=server`, { keep: 'last' })
  await script.run(`helm upgrade web ${chart} --set replicas=2 --wait --timeout 90s`)
  await script.run('kubectl get deployment,widget')
  await script.run(`helm upgrade web ${chart} --set preUpgradeExitCode=1 --timeout 90s`)
  await script.run('helm history web')
  await script.run(`helm upgrade web ${chart} --set preUpgradeExitCode=1 --atomic --timeout 90s`)
  await script.run('helm history web')
  await script.run(`helm upgrade web ${chart} --set model=third --wait --timeout 90s`)
  await script.run('helm get values web')
  await script.run('kubectl get configmap web-worker -o jsonpath={.data}')
  await script.run('helm rollback web 2 --wait --timeout 90s')
  await script.run('kubectl get configmap web-worker -o jsonpath={.data}')
  await script.run('kubectl get deployment web-worker')
  await script.run('helm history web')
  await script.run('helm uninstall web --wait --timeout 90s')
  await script.run('helm list -a')
  await script.run('kubectl get widget')
  await script.run('kubectl get crd widgets.loop.example.com -o jsonpath={.status.acceptedNames.kind}')
  await script.run('kubectl delete crd widgets.loop.example.com')
  await script.quietly('kubectl delete job,pod --all')
}
