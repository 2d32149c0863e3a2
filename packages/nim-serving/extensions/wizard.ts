import { DeployError } from '@nexus/nim-serving'
import type { DeployRequest, EditRequest } from '@nexus/nim-serving'
import type { DeployCall } from './call.ts'
import type { DashboardResources, WizardState } from './contract.ts'

/**
 * What the wizard's form asks for, as a request for a new deployment.
 * @throws DeployError `NEXUS_DEPLOY_INPUT` naming the fields that are not filled in yet.
 */
export function deployRequestOf({ wizardData, projectName, dryRun }: DeployCall): DeployRequest {
  const { name, image, storage } = requireFields(wizardData)
  const { tag, ...model } = image
  return {
    ...commonFields(wizardData),
    name,
    project: projectName,
    ...model,
    tag,
    apiKey: wizardData['nim-serving/apiKey']?.key ?? '',
    storage:
      storage.storageMode === 'existing'
        ? { mode: 'existing', pvc: storage.pvcName, subPath: storage.subPath }
        : {
            mode: 'new',
            ...sizeOf(storage.storageSizeGi),
            storageClass: storage.storageClassName,
            subPath: storage.subPath,
          },
    dryRun,
  }
}

/** What the wizard's form changes of a deployment that is there. The model itself cannot be changed, its tag can. */
export function editRequestOf({ wizardData }: DeployCall): EditRequest {
  const image = wizardData['nim-serving/nimImage']
  const storage = wizardData['nim-serving/pvcStorage']
  return {
    ...commonFields(wizardData),
    ...(image !== undefined && { tag: image.tag }),
    ...(storage !== undefined && {
      storage: {
        ...(storage.storageMode === 'existing' && { pvc: storage.pvcName }),
        subPath: storage.subPath,
        ...(storage.storageMode === 'new' && sizeOf(storage.storageSizeGi)),
      },
    }),
  }
}

type CommonFields = Pick<
  DeployRequest,
  | 'displayName'
  | 'description'
  | 'replicas'
  | 'hardwareProfile'
  | 'resources'
  | 'env'
  | 'args'
  | 'strategy'
  | 'externalRoute'
  | 'auth'
  | 'tokens'
>

/** Fields that deploy and edit share; what the form does not have is left out. */
function commonFields(state: WizardState): CommonFields {
  const { name, description } = state.k8sNameDesc?.data ?? {}
  const { data: args } = state.runtimeArgs ?? {}
  const { data: env } = state.environmentVariables ?? {}
  const strategy = state.deploymentStrategy?.data
  return {
    ...(name !== undefined && { displayName: name }),
    ...(description !== undefined && { description }),
    ...(state.numReplicas?.data !== undefined && { replicas: state.numReplicas.data }),
    ...hardwareOf(state),
    ...(env !== undefined && { env: env.enabled ? env.variables.map(({ name, value }) => ({ name, value })) : [] }),
    ...(args !== undefined && { args: args.enabled ? [...args.args] : [] }),
    ...(strategy !== undefined && { strategy: strategy === 'recreate' ? 'Recreate' : 'RollingUpdate' }),
    ...(state.externalRoute?.data !== undefined && { externalRoute: state.externalRoute.data }),
    ...tokensOf(state),
  }
}

/** A profile sizes by itself; sizes that the user chose within its bounds win over its defaults. */
function hardwareOf({ hardwareProfileConfig }: WizardState): Pick<CommonFields, 'hardwareProfile' | 'resources'> {
  const { selectedProfile, useExistingSettings = false, resources } = hardwareProfileConfig?.formData ?? {}
  if (useExistingSettings) return {}
  return {
    ...(selectedProfile !== undefined && { hardwareProfile: selectedProfile.metadata.name }),
    ...(resources !== undefined && { resources: quantitiesOf(resources) }),
  }
}

function quantitiesOf({ requests, limits }: DashboardResources): NonNullable<DeployRequest['resources']> {
  const asText = (sizes: Readonly<Record<string, string | number>>): Record<string, string> =>
    Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, String(size)]))
  return {
    ...(requests !== undefined && { requests: asText(requests) }),
    ...(limits !== undefined && { limits: asText(limits) }),
  }
}

/** Tokens need a Role and a RoleBinding: a user who may make none gets no token authentication. */
function tokensOf({
  tokenAuthentication,
  canCreateRoleBindings = true,
}: WizardState): Pick<CommonFields, 'auth' | 'tokens'> {
  const wanted = tokenAuthentication?.data
  if (wanted === undefined || !canCreateRoleBindings) return {}
  const tokens = wanted.map(({ displayName }) => displayName)
  return tokens.length === 0 ? { auth: false } : { auth: true, tokens }
}

function sizeOf(gibibytes: number | undefined): { size?: string } {
  return gibibytes === undefined ? {} : { size: `${gibibytes}Gi` }
}

interface RequiredFields {
  readonly name: string
  readonly image: Pick<DeployRequest, 'model' | 'registry' | 'tag'>
  readonly storage: NonNullable<WizardState['nim-serving/pvcStorage']>
}

function requireFields(state: WizardState): RequiredFields {
  const name = state.k8sNameDesc?.data?.k8sName?.value
  const image = state['nim-serving/nimImage']
  const storage = state['nim-serving/pvcStorage']
  if (name && image !== undefined && storage !== undefined) return { name, image: imageOf(image), storage }
  const missing = [
    ...(name ? [] : ['the name']),
    ...(image === undefined ? ['the NVIDIA NIM to deploy'] : []),
    ...(storage === undefined ? ['the storage'] : []),
  ]
  throw new DeployError('NEXUS_DEPLOY_INPUT', `Not filled in yet: ${missing.join(', ')}.`, {
    hint: 'Fill in the form and try again.',
  })
}

/** `mirror:5000/cache/nim/meta/llama` is model `llama` in `nim/meta` of registry `mirror:5000/cache`. */
function imageOf({ repository, tag }: { repository: string; tag: string }): RequiredFields['image'] {
  const path = repository.split('/')
  const name = path.pop() ?? ''
  const root = path.indexOf('nim')
  const start = root === -1 ? 1 : root
  const registry = path.slice(0, start).join('/')
  const model = { name, namespace: path.slice(start).join('/') }
  return { model, tag, ...(registry === '' ? {} : { registry }) }
}
