import type { InferenceService } from '@nexus/kube'
import {
  deleteNIMDeployment,
  deployNIMDeployment,
  describeNIMDeployment,
  editNIMDeployment,
  getNIMDeployment,
  isNIMDeployActive,
  openNIMDeployment,
  startNIMDeployment,
  stopNIMDeployment,
} from '@nexus/nim-serving'
import type { ApplyFieldData, DeploymentRef, DeployRequest, DeployResult, EditRequest } from '@nexus/nim-serving'
import { Kinds } from '@nexus/kube'
import { parseDeployCall } from './call.ts'
import type { DeployCall } from './call.ts'
import type { DashboardDeployment, DeployFn, WatchFn } from './contract.ts'
import { servingObjects, toDashboardDeployment } from './deployment.ts'
import { createDeploymentsStore, narrowed } from './deployments-store.ts'
import type { DeploymentsStore } from './deployments-store.ts'
import type { DetailsRow, NIMHost } from './host.ts'
import { deployRequestOf, editRequestOf } from './wizard.ts'

export { isNIMDeployActive }

/** `deploy` of the wizard: a new deployment, or the edit of one that is there. */
export function deployWith(host: NIMHost): DeployFn {
  return async (...parameters) => {
    const call = parseDeployCall(parameters)
    return call.existingDeployment === undefined ? deploy(host, call) : edit(host, call, call.existingDeployment)
  }
}

async function deploy(host: NIMHost, call: DeployCall): Promise<DashboardDeployment> {
  const request = withPlatform(deployRequestOf(call), host)
  const { kube, checkKey, user: keySetBy } = host
  const result = await deployNIMDeployment(request, { kube, checkKey, keySetBy, applyFieldData: applierOf(call) })
  const isvc = isvcOf(result)
  const runtime = call.dryRun
    ? undefined
    : await kube.get({ kind: Kinds.ServingRuntime, name: request.name, namespace: request.project })
  return servingObjects(isvc, runtime)
}

function withPlatform(request: DeployRequest, { platformNamespace }: NIMHost): DeployRequest {
  return platformNamespace === undefined ? request : { ...request, platformNamespace }
}

/** Of a dry run the InferenceService as it would be created. */
function isvcOf(result: DeployResult): InferenceService {
  if (result.outcome !== 'planned') return result.isvc
  const planned = result.objects.find(isInferenceService)
  if (planned === undefined) throw new TypeError('a deployment has an InferenceService')
  return planned
}

function isInferenceService(object: { kind: string }): object is InferenceService {
  return object.kind === 'InferenceService'
}

async function edit(host: NIMHost, call: DeployCall, existing: DashboardDeployment): Promise<DashboardDeployment> {
  const { kube, platformNamespace } = host
  const ref = refOf(existing)
  const opened = await openNIMDeployment(kube, ref)
  // What the user saw decides what the form changes: a form is open for minutes, and others work meanwhile.
  const base = { ...opened, isvc: existing.model, runtime: existing.server ?? opened.runtime }
  const { dryRun, overwrite } = call
  const changes = withSources(editRequestOf(call), existing)
  const order = { changes, base, dryRun, overwrite, platformNamespace }
  await editNIMDeployment(ref, order, { kube, applyFieldData: applierOf(call) })
  return toDashboardDeployment(await getNIMDeployment(kube, ref))
}

/** The form shows no variables that come from a Secret or a ConfigMap, and must not lose them. */
function withSources(changes: EditRequest, { model }: DashboardDeployment): EditRequest {
  if (changes.env === undefined) return changes
  const named = new Set(changes.env.map(({ name }) => name))
  const sources = (model.spec.predictor.model?.env ?? []).filter(
    ({ name, valueFrom }) => valueFrom !== undefined && !named.has(name),
  )
  return { ...changes, env: [...changes.env, ...sources] }
}

/** Fields of other plugins change the deployment before it is saved; a dashboard of January 2026 adds labels itself. */
function applierOf({ applyFieldData = (deployment) => deployment, initialWizardData }: DeployCall): ApplyFieldData {
  const labels = initialWizardData?.transformData?.metadata?.labels ?? {}
  return ({ isvc, runtime }) => {
    const applied = applyFieldData(servingObjects(isvc, runtime))
    const { metadata } = applied.model
    const labelled = { ...applied.model, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } }
    return { isvc: labelled, runtime: applied.server ?? runtime }
  }
}

/** `watch` of a platform: a hook over one store per project, so that components of one page share a watch. */
export function watchWith({ kube, useSyncExternalStore }: NIMHost): WatchFn {
  const stores = new Map<string, DeploymentsStore>()
  return (project, labels = {}, filter = () => true) => {
    const name = project?.metadata.name
    const store = stores.get(name ?? '') ?? createDeploymentsStore(kube, name)
    stores.set(name ?? '', store)
    return narrowed(useSyncExternalStore(store.subscribe, store.read), labels, filter)
  }
}

/** Deletes it; the volume with the weights stays. */
export function deleteWith({ kube }: NIMHost): (deployment: DashboardDeployment) => Promise<void> {
  return async (deployment) => {
    await deleteNIMDeployment(refOf(deployment), { kube })
  }
}

export function startStopWith({
  kube,
}: NIMHost): (deployment: DashboardDeployment, isStopped: boolean) => Promise<InferenceService> {
  return async (deployment, isStopped) => {
    const change = isStopped ? stopNIMDeployment : startNIMDeployment
    await change(refOf(deployment), { kube })
    return (await getNIMDeployment(kube, refOf(deployment))).isvc
  }
}

/** A deployment by name, or null where there is none. */
export function fetchWith({ kube }: NIMHost): (name: string, namespace: string) => Promise<DashboardDeployment | null> {
  return async (name, project) => {
    try {
      return toDashboardDeployment(await getNIMDeployment(kube, { name, project }))
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'NEXUS_DEPLOY_NOT_FOUND') return null
      throw cause
    }
  }
}

/** What the dashboard's own columns do not show. */
export function detailsWith({ kube }: NIMHost): (deployment: DashboardDeployment) => Promise<readonly DetailsRow[]> {
  return async (deployment) => {
    const { deployment: found, runtimeName, key, volume } = await describeNIMDeployment(kube, refOf(deployment))
    return [
      { label: 'Image', value: found.image ?? '' },
      { label: 'Serving runtime', value: runtimeName ?? '' },
      { label: 'State', value: [found.state.phase, found.state.reason, found.state.hint].filter(Boolean).join(': ') },
      ...(volume === undefined ? [] : [{ label: 'Storage', value: `${volume.pvc} (${volume.phase})` }]),
      ...(key === undefined ? [] : [{ label: 'API key', value: keyText(key.hint, key.setBy) }]),
    ]
  }
}

function keyText(hint: string | undefined, setBy: string | undefined): string {
  return `${hint === undefined ? 'unknown' : `…${hint}`}${setBy === undefined ? '' : `, set by ${setBy}`}`
}

function refOf({ model }: DashboardDeployment): DeploymentRef {
  return { name: model.metadata.name, project: model.metadata.namespace ?? '' }
}
