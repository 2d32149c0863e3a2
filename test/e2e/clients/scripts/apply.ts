import type { Transcript } from '../transcript.ts'

/** Applies by both kinds of apply, with what others set in between, and with faults. */
export async function apply(script: Transcript): Promise<void> {
  const settings = (data: object, labels?: object): { input: string } => ({
    input: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', labels }, data }),
  })
  await script.run('kubectl apply -f -', settings({ a: '1', b: '2' }))
  await script.run('kubectl apply -f -', settings({ a: '1', b: '2' }))
  await script.run('kubectl diff -f -', settings({ a: '1', b: '2' }))
  await script.run(['kubectl', 'patch', 'configmap', 'applied', '-p', '{"data":{"c":"theirs"}}'])
  await script.run('kubectl apply -f -', settings({ a: '3' }))
  await script.run('kubectl get configmap applied -o jsonpath={.data}')
  await script.run('kubectl apply --server-side -f -', settings({ a: '3', d: '4' }))
  await script.run('kubectl apply --server-side --field-manager=other -f -', settings({ a: '5' }))
  await script.run('kubectl apply --server-side --field-manager=other --force-conflicts -f -', settings({ a: '5' }))
  await script.run('kubectl apply --server-side -f -', settings({ d: '4' }))
  await script.run('kubectl get configmap applied -o jsonpath={.data}')
  await script.run('kubectl apply --dry-run=server -f -', settings({ a: '9' }))
  await script.run('kubectl apply -f -', {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, daat: {} }),
  })
  await script.run('kubectl create -f -', {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'Wrong_Name' } }),
  })
  await script.run('kubectl replace -f -', settings({ z: '1' }))
  await script.run('kubectl delete -f -', settings({}))
}
