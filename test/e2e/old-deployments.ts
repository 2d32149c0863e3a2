// Deployments as the first dashboards made them: every deployment of a namespace shares two Secrets.

/** The namespace and its two shared Secrets. */
export function sharedSecrets(namespace: string, key: string): string {
  const login = { username: '$oauthtoken', password: key }
  const config = JSON.stringify({ auths: { 'nvcr.io': login } })
  return `
---
apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: v1
kind: Secret
metadata: { name: nvidia-nim-secrets, namespace: ${namespace} }
type: Opaque
stringData: { NGC_API_KEY: ${key} }
---
apiVersion: v1
kind: Secret
metadata: { name: ngc-secret, namespace: ${namespace} }
type: kubernetes.io/dockerconfigjson
stringData: { .dockerconfigjson: '${config}' }
`
}

export function oldRuntime(name: string, namespace: string): string {
  return `
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata:
  name: ${name}
  namespace: ${namespace}
  labels: { opendatahub.io/dashboard: 'true' }
  annotations:
    opendatahub.io/apiProtocol: REST
    opendatahub.io/template-name: nvidia-nim-runtime
    openshift.io/display-name: ${name}
    runtimes.opendatahub.io/nvidia-nim: 'true'
spec:
  multiModel: false
  protocolVersions: [grpc-v2, v2]
  supportedModelFormats: [{ name: ${name}-model, version: 1.8.4, autoSelect: false, priority: 1 }]
  imagePullSecrets: [{ name: ngc-secret }]
  containers:
    - name: kserve-container
      image: nvcr.io/nim/org/${name}-model:1.8.4
      ports: [{ containerPort: 8000, protocol: TCP }]
      env:
        - { name: NIM_CACHE_PATH, value: /mnt/models/cache }
        - name: NGC_API_KEY
          valueFrom: { secretKeyRef: { name: nvidia-nim-secrets, key: NGC_API_KEY } }
      volumeMounts:
        - { name: shm, mountPath: /dev/shm }
        - { name: nim-pvc-${name}, mountPath: /mnt/models/cache }
  volumes:
    - { name: nim-pvc-${name}, persistentVolumeClaim: { claimName: nim-pvc-${name} } }
    - { name: shm, emptyDir: { medium: Memory, sizeLimit: 2Gi } }
`
}

/** A deployment with one copy on one GPU. */
export function oldDeployment(name: string, namespace: string, { stopped = false } = {}): string {
  return `${oldRuntime(name, namespace)}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: nim-pvc-${name}, namespace: ${namespace}, labels: { opendatahub.io/managed: 'true' } }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 30Gi } } }
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: ${name}
  namespace: ${namespace}
  labels: { opendatahub.io/dashboard: 'true' }
  annotations: { serving.kserve.io/deploymentMode: RawDeployment, serving.kserve.io/stop: '${stopped}' }
spec:
  predictor:
    minReplicas: 1
    maxReplicas: 1
    model:
      modelFormat: { name: ${name}-model }
      runtime: ${name}
      resources: { requests: { nvidia.com/gpu: 1 }, limits: { nvidia.com/gpu: 1 } }
      args: []
      env: []
`
}
