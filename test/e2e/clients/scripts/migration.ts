import { eventually } from '@nexus/kube/testing'
import { expect } from 'vitest'
import { oldDeployment, sharedSecrets } from '../../old-deployments.ts'
import type { Transcript } from '../transcript.ts'

const KEY = 'nvapi-not-a-real-key-0123456789'

/** Step 2 of the guide by hand: the runtime names the deployment's own Secrets. */
const migrationPatch = JSON.stringify([
  { op: 'replace', path: '/spec/containers/0/env/1/valueFrom/secretKeyRef/name', value: 'nim-api-key-phi' },
  { op: 'replace', path: '/spec/imagePullSecrets/0/name', value: 'nim-image-pull-phi' },
])

/** The manual steps of the migration guide, on a deployment as the first dashboards made it. */
export async function migration(script: Transcript): Promise<void> {
  await script.run('kubectl apply -f -', { input: sharedSecrets('old', KEY) + oldDeployment('phi', 'old') })
  await eventually(async () =>
    expect(await script.quietly('kubectl -n old get deployment phi-predictor')).toMatchObject({ code: 0 }),
  )
  await script.run('kubectl -n old rollout status deployment/phi-predictor --timeout=90s', { keep: 'last' })
  await script.run(`kubectl create secret generic nim-api-key-phi --namespace=old --from-literal=NGC_API_KEY=${KEY}`)
  await script.run(
    `kubectl create secret docker-registry nim-image-pull-phi --namespace=old --docker-server=nvcr.io --docker-username=$oauthtoken --docker-password=${KEY}`,
  )
  await script.run('kubectl get servingruntime phi -n old -o jsonpath={.spec.containers[0].env}')
  await script.run([
    'kubectl',
    'patch',
    'servingruntime',
    'phi',
    '--namespace=old',
    '--type=json',
    '-p',
    migrationPatch,
  ])
  await script.run('kubectl rollout restart deployment/phi-predictor -n old')
  await script.run('kubectl -n old rollout status deployment/phi-predictor --timeout=90s', { keep: 'last' })
  await script.run([
    'kubectl',
    'get',
    'servingruntime',
    'phi',
    '-n',
    'old',
    '-o',
    'jsonpath={.spec.containers[0].env[?(@.name=="NGC_API_KEY")].valueFrom.secretKeyRef.name}',
  ])
  await script.run('kubectl get servingruntime phi -n old -o jsonpath={.spec.imagePullSecrets[0].name}')
  const deleted = 'kubectl get pods -n old -l serving.kserve.io/inferenceservice=phi --no-headers'
  await eventually(async () => expect((await script.quietly(deleted)).stdout.trim().split('\n')).toHaveLength(1))
  await script.run('kubectl get pods -n old -l serving.kserve.io/inferenceservice=phi')
  await script.run('kubectl delete secret nvidia-nim-secrets ngc-secret -n old')
}
