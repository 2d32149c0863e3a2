import { expect } from 'vitest'
import type { Transcript } from '../transcript.ts'

/** Grants rights and acts as those who have them. */
export async function access(script: Transcript): Promise<void> {
  await script.run('kubectl auth can-i create deployments')
  await script.run('kubectl auth can-i list secrets --as=ann')
  await script.run('kubectl get pods --as=ann')
  await script.run('kubectl create role reader --verb=get,list --resource=pods,configmaps')
  await script.run('kubectl create rolebinding ann-reads --role=reader --user=ann')
  await script.run('kubectl get pods --as=ann')
  await script.run('kubectl auth can-i list pods --as=ann')
  await script.run('kubectl auth can-i delete pods --as=ann')
  await script.run('kubectl delete configmap kube-root-ca.crt --as=ann')
  await script.run('kubectl auth can-i --list --as=ann --no-headers')
  await script.run('kubectl create serviceaccount robot')
  await script.run('kubectl create rolebinding robot-reads --role=reader --serviceaccount=clients:robot')
  await script.run('kubectl auth can-i list pods --as=system:serviceaccount:clients:robot')
  const token = (await script.quietly('kubectl create token robot --duration=10m')).stdout.trim()
  expect(token.split('.')).toHaveLength(3)
  const asRobot = await script.quietly(`kubectl auth whoami --token=${token} -o jsonpath={.status.userInfo.username}`)
  expect(asRobot.stdout).toBe('system:serviceaccount:clients:robot')
  await script.run('kubectl describe rolebinding ann-reads')
  await script.run('kubectl delete role,rolebinding --all')
  await script.run('kubectl delete serviceaccount robot')
}
