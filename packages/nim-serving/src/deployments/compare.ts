import { compareQuantities } from '@nexus/kube'
import type { EnvVar, Quantity } from '@nexus/kube'
import type { FieldDifference } from '../errors.ts'
import type { DeployInput } from '../types.ts'

// "Same inputs" is decided by reading the inputs back out of the objects (`extract.ts`) and comparing them field by field.
// What a server or a controller adds to an object, and what a newer template holds, is no input.

/** The inputs by which two deployments differ, each in words. Sizes of a PVC are not compared: see `planDeploy`. */
export function differencesOfInputs(live: DeployInput, wanted: DeployInput): FieldDifference[] {
  return [
    ...differencesOf(fieldsOf(live), fieldsOf(wanted)),
    ...differencesOfQuantities('requests', live.resources.requests, wanted.resources.requests),
    ...differencesOfQuantities('limits', live.resources.limits, wanted.resources.limits),
  ]
}

type Quantities = Readonly<Record<string, Quantity>>
type Fields = Readonly<Record<string, string>>

function fieldsOf(input: DeployInput): Fields {
  return { ...inferenceServiceFields(input), ...runtimeFields(input) }
}

function inferenceServiceFields(input: DeployInput): Fields {
  const { hardwareProfile, placement } = input
  return {
    'display name': input.displayName,
    description: input.description,
    replicas: replicasText(input),
    strategy: input.strategy,
    model: input.model.name,
    runtime: input.names.runtime,
    args: input.args.join(' '),
    env: input.env.map(envText).sort().join(' '),
    'hardware profile': hardwareProfile === undefined ? '' : `${hardwareProfile.namespace}/${hardwareProfile.name}`,
    tolerations: placement.tolerations.map((toleration) => JSON.stringify(toleration)).join(' '),
    'node selector': Object.entries(placement.nodeSelector)
      .map(([label, value]) => `${label}=${value}`)
      .sort()
      .join(' '),
    queue: placement.queue ?? '',
    'external route': onOff(input.externalRoute),
    'token authentication': onOff(input.auth),
  }
}

function runtimeFields({ model, tag, registry, storage, names }: DeployInput): Fields {
  return {
    image: `${registry}/${model.namespace}/${model.name}:${tag}`,
    pvc: storage.pvc,
    'pvc folder': storage.subPath ?? '',
    'key Secret': names.apiKeySecret ?? '',
    'pull Secret': names.pullSecret ?? '',
  }
}

function replicasText({ minReplicas, maxReplicas }: DeployInput): string {
  return minReplicas === maxReplicas ? String(minReplicas) : `${minReplicas}-${maxReplicas}`
}

function envText({ name, value = '', valueFrom }: EnvVar): string {
  return valueFrom === undefined ? `${name}=${value}` : `${name}=(from ${JSON.stringify(valueFrom)})`
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off'
}

function differencesOf(live: Fields, wanted: Fields): FieldDifference[] {
  return Object.entries(wanted)
    .map(([field, value]) => ({ field, live: live[field] ?? '', wanted: value }))
    .filter((pair) => pair.live !== pair.wanted)
}

function differencesOfQuantities(field: string, live: Quantities, wanted: Quantities): FieldDifference[] {
  const names = [...new Set([...Object.keys(live), ...Object.keys(wanted)])].sort()
  return names
    .filter((name) => !sameQuantity(live[name], wanted[name]))
    .map((name) => ({ field: `${field} ${name}`, live: quantityText(live[name]), wanted: quantityText(wanted[name]) }))
}

function sameQuantity(a: Quantity | undefined, b: Quantity | undefined): boolean {
  return a === undefined || b === undefined ? a === b : compareQuantities(a, b) === 0
}

function quantityText(quantity: Quantity | undefined): string {
  return quantity === undefined ? 'none' : String(quantity)
}
