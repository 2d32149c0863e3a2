import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Connection } from '../e2e/conformance/connection.ts'
import { medianMs } from './median.ts'

export const DEPLOYMENTS = 1_000
const CLIENTS = 8

const Labels = { app: 'bench' }
const Containers = [{ name: 'main', image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4' }]
const Template = { metadata: { labels: Labels }, spec: { containers: Containers } }
const Workload = { selector: { matchLabels: Labels }, template: Template }

/** What a deployment of a model consists of. */
export const KINDS = [
  { path: '/apis/apps/v1', plural: 'deployments', body: { spec: { replicas: 1, ...Workload } } },
  { path: '/apis/apps/v1', plural: 'replicasets', body: { spec: { replicas: 0, ...Workload } } },
  { path: '/api/v1', plural: 'pods', body: { metadata: { labels: Labels }, spec: Template.spec } },
  {
    path: '/api/v1',
    plural: 'services',
    body: { spec: { clusterIP: 'None', selector: Labels, ports: [{ port: 80 }] } },
  },
  { path: '/api/v1', plural: 'secrets', body: { stringData: { NGC_API_KEY: 'nvapi-test-0123456789abcdefghij' } } },
  {
    path: '/apis/serving.kserve.io/v1beta1',
    plural: 'inferenceservices',
    body: { spec: { predictor: { minReplicas: 1 } } },
  },
] as const

const KIND_NAMES: Record<(typeof KINDS)[number]['plural'], string> = {
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  pods: 'Pod',
  services: 'Service',
  secrets: 'Secret',
  inferenceservices: 'InferenceService',
}

const Definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'inferenceservices.serving.kserve.io' },
  spec: {
    group: 'serving.kserve.io',
    scope: 'Namespaced',
    names: { kind: 'InferenceService', plural: 'inferenceservices' },
    versions: [
      {
        name: 'v1beta1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}

const NAMESPACE = 'bench'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
const Versioned = z.object({ metadata: z.object({ resourceVersion: z.string() }) })
const Page = z.object({ items: z.array(z.unknown()) })

/** What is measured on either server. */
export interface Load {
  readonly createdPerSecond: number
  readonly listMs: number
  readonly listAllMs: number
  readonly tableMs: number
  readonly missed: number
  readonly memoryMiB: number
}

/**
 * Creates six objects for each deployment, changes every deployment once, and lists them. `memory` is asked at the end, in
 * MiB.
 */
export async function measureLoad(connection: Connection, memory: () => number): Promise<Load> {
  await define(connection)
  const watch = await connection.open({ method: 'GET', path: `${pathOf(KINDS[0])}?watch=true` })
  const told = countEvents(watch, DEPLOYMENTS * 2)
  const began = performance.now()
  await spread(DEPLOYMENTS, (index) => createDeployment(connection, index))
  const createdPerSecond = (DEPLOYMENTS * KINDS.length * 1000) / (performance.now() - began)
  await spread(DEPLOYMENTS, (index) => label(connection, index))
  const missed = DEPLOYMENTS * 2 - (await told)
  watch.destroy()
  return {
    createdPerSecond,
    missed,
    listMs: await medianMs(() => listed(connection, KINDS[0])),
    listAllMs: await medianMs(() => Promise.all(KINDS.map((kind) => listed(connection, kind)))),
    tableMs: await medianMs(() => connection.ask({ method: 'GET', path: pathOf(KINDS[0]), accept: TABLE })),
    memoryMiB: memory(),
  }
}

async function define(connection: Connection): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await connection.ask({ method: 'POST', path, body: Definition })
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }
  await connection.ask({ method: 'POST', path: '/api/v1/namespaces', body: namespace })
  const serviceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  await connection.ask({
    method: 'POST',
    path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
    body: serviceAccount,
  })
  // A server serves a kind a moment after it has accepted its definition.
  while ((await connection.ask({ method: 'GET', path: pathOf(KINDS[5]) })).status !== 200) await delay(50)
}

async function createDeployment(connection: Connection, index: number): Promise<void> {
  for (const kind of KINDS) {
    const metadata = 'metadata' in kind.body ? kind.body.metadata : {}
    const apiVersion = kind.path.replace(/^\/apis?\//, '')
    const named = { ...metadata, name: `bench-${index}`, annotations: { 'nexus.dev/bench': 'x'.repeat(300) } }
    const body = { ...kind.body, apiVersion, kind: KIND_NAMES[kind.plural], metadata: named }
    const { status, body: said } = await connection.ask({ method: 'POST', path: pathOf(kind), body })
    if (status !== 201) throw new Error(`${kind.plural}: ${status} ${JSON.stringify(said)}`)
  }
}

async function label(connection: Connection, index: number): Promise<void> {
  const path = `${pathOf(KINDS[0])}/bench-${index}`
  const body = { metadata: { labels: { changed: 'yes' } } }
  const answer = await connection.ask({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' })
  Versioned.parse(answer.body)
}

/** Lists all objects of a kind; by default the deployments. */
export async function listed(connection: Connection, kind: (typeof KINDS)[number] = KINDS[0]): Promise<void> {
  const { items } = Page.parse((await connection.ask({ method: 'GET', path: pathOf(kind) })).body)
  if (items.length !== DEPLOYMENTS) throw new Error(`${items.length} ${kind.plural} are listed`)
}

function pathOf({ path, plural }: (typeof KINDS)[number]): string {
  return `${path}/namespaces/${NAMESPACE}/${plural}`
}

/** How many different changes a watch told, when it has told `expected` or has ended. */
async function countEvents(watch: IncomingMessage, expected: number): Promise<number> {
  const versions = new Set<string>()
  for await (const line of createInterface({ input: watch })) {
    const { object } = z.object({ object: Versioned }).parse(JSON.parse(line))
    versions.add(object.metadata.resourceVersion)
    if (versions.size === expected) break
  }
  return versions.size
}

/** Runs `work` for every index, by as many clients at once as the bench has. */
async function spread(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const client = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
}
