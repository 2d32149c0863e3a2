import { renderNIMTemplate } from '@nexus/catalog'
import type { ServingRuntime } from '@nexus/kube'
import { parse } from 'yaml'
import { parseDeployRequest } from '../deployments/request.ts'
import type { DeployRequest } from '../deployments/request.ts'
import type { DeployInput } from '../types.ts'
import { convertTemplateToServingRuntime } from '../utils/templates.ts'

/** A key of the right shape that is nobody's. */
export const TEST_KEY = 'nvapi-test-0123456789abcd'

/** The smallest useful request. */
export function testRequest(changes: Partial<DeployRequest> = {}): DeployRequest {
  return {
    name: 'llama',
    project: 'demo',
    model: { name: 'llama-3.1-8b-instruct', namespace: 'nim/meta' },
    tag: '1.8.4',
    apiKey: TEST_KEY,
    ...changes,
  }
}

/** What the assembly receives for a request. */
export function testInput(changes: Partial<DeployRequest> = {}): DeployInput {
  return parseDeployRequest(testRequest(changes)).input
}

/** The ServingRuntime of the shipped template. */
export function shippedTemplate(): ServingRuntime {
  const template: unknown = parse(renderNIMTemplate())
  return convertTemplateToServingRuntime(template)
}
