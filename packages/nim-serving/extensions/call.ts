import type { InferenceService, ServingRuntime } from '@nexus/kube'
import type {
  ApplyFieldDataFn,
  DashboardDeployment,
  DeployParameters,
  InitialWizardData,
  OlderDeployParameters,
  WizardState,
} from './contract.ts'

/** A call of `deploy` with its parameters by name. */
export interface DeployCall {
  readonly wizardData: WizardState
  readonly projectName: string
  readonly existingDeployment: DashboardDeployment | undefined
  readonly modelResource: InferenceService | undefined
  readonly serverResource: ServingRuntime | undefined
  readonly dryRun: boolean
  readonly overwrite: boolean
  readonly initialWizardData: InitialWizardData | undefined
  readonly applyFieldData: ApplyFieldDataFn | undefined
}

/**
 * Names the twelve positional parameters of a dashboard of August 2026, or the ten of one of January 2026, which has the
 * project where the newer one has the external data. The name of a connection's Secret is dropped: a NIM has none of those.
 */
export function parseDeployCall(parameters: DeployParameters | OlderDeployParameters): DeployCall {
  return isOlder(parameters) ? olderCall(parameters) : newerCall(parameters)
}

function isOlder(parameters: DeployParameters | OlderDeployParameters): parameters is OlderDeployParameters {
  return typeof parameters[1] === 'string'
}

function newerCall(parameters: DeployParameters): DeployCall {
  const [wizardData, , projectName, existingDeployment, modelResource, serverResource] = parameters
  const [, , , , , , , dryRun = false, , overwrite = false, initialWizardData, applyFieldData] = parameters
  return {
    wizardData,
    projectName,
    existingDeployment,
    modelResource,
    serverResource,
    dryRun,
    overwrite,
    initialWizardData,
    applyFieldData,
  }
}

function olderCall(parameters: OlderDeployParameters): DeployCall {
  const [wizardData, projectName, existingDeployment, serverResource] = parameters
  const [, , , , , dryRun = false, , overwrite = false, initialWizardData, applyFieldData] = parameters
  return {
    wizardData,
    projectName,
    existingDeployment,
    modelResource: undefined,
    serverResource,
    dryRun,
    overwrite,
    initialWizardData,
    applyFieldData,
  }
}
