import { NIM_TEMPLATE_KEY, NIM_TEMPLATE_NAME } from '@nexus/catalog'
import { messageOf } from '@nexus/core'
import { isForbidden, isNotFound, Kinds } from '@nexus/kube'
import type {
  CallOptions,
  Container,
  Kind,
  KubeApiError,
  KubeClient,
  ServingRuntime,
  UnknownObject,
  Volume,
} from '@nexus/kube'
import { parse } from 'yaml'
import { z } from 'zod'
import { CACHE_PATH, CACHE_VOLUME, cacheVolume, servingContainer } from '../api/ServingRuntime.ts'
import { DeployError } from '../errors.ts'
import { accountTemplateName, configuredTemplateName } from './template-name.ts'

/** OpenShift's Template: its objects stand at the top, not under a `spec`. */
export const TemplateKind: Kind<UnknownObject> = {
  apiVersion: 'template.openshift.io/v1',
  kind: 'Template',
  plural: 'templates',
  namespaced: true,
}

/** Names the Template a ServingRuntime was made from. */
const TEMPLATE_NAME_ANNOTATION = 'opendatahub.io/template-name'

/**
 * The name of the Template every new deployment starts from: the one that `nimConfig` chooses, else `nim-http-template`.
 * @throws DeployError `NEXUS_DEPLOY_TEMPLATE_INVALID` where `nimConfig` cannot be read; KubeApiError.
 */
export async function fetchNIMTemplateName(
  kube: KubeClient,
  { namespace }: { namespace: string },
  options?: CallOptions,
): Promise<string> {
  return (await configuredTemplateName(kube, namespace, options)) ?? NIM_TEMPLATE_NAME
}

/** Where a Template is. */
export interface TemplateLocation {
  readonly namespace: string
  /** Default `nim-http-template`. */
  readonly name?: string | undefined
}

interface NamedTemplate {
  readonly namespace: string
  readonly name: string
}

/**
 * The ServingRuntime of a Template in the platform namespace: out of a Template where the cluster knows them, else out of a
 * ConfigMap. Where `nim-http-template` is missing, that of an Account is taken, on clusters that still have one.
 * @throws DeployError `NEXUS_DEPLOY_TEMPLATE_MISSING` or `NEXUS_DEPLOY_TEMPLATE_INVALID`; KubeApiError for what the server
 * answers otherwise.
 */
export async function fetchNIMTemplate(
  kube: KubeClient,
  { namespace, name = NIM_TEMPLATE_NAME }: TemplateLocation,
  options?: CallOptions,
): Promise<ServingRuntime> {
  try {
    return await fetchTemplate(kube, { namespace, name }, options)
  } catch (missing) {
    if (!isMissingTemplate(missing) || name !== NIM_TEMPLATE_NAME) throw missing
    const ofAccount = await accountTemplateName(kube, namespace, options)
    if (ofAccount === undefined) throw missing
    return fetchTemplate(kube, { namespace, name: ofAccount }, options)
  }
}

function isMissingTemplate(thrown: unknown): boolean {
  return thrown instanceof DeployError && thrown.code === 'NEXUS_DEPLOY_TEMPLATE_MISSING'
}

async function fetchTemplate(
  kube: KubeClient,
  location: NamedTemplate,
  options?: CallOptions,
): Promise<ServingRuntime> {
  try {
    return convertTemplateToServingRuntime(await kube.get({ kind: TemplateKind, ...location }, options))
  } catch (refused) {
    // A cluster without Templates answers 404, like one without this Template; but it asks for rights first, and says 403 to
    // whoever has none for a kind that it does not have.
    if (!isNotFound(refused) && !isForbidden(refused)) throw refused
    return convertTemplateToServingRuntime(await fetchTemplateText(kube, location, refused, options))
  }
}

async function fetchTemplateText(
  kube: KubeClient,
  { namespace, name }: NamedTemplate,
  refused: KubeApiError,
  options?: CallOptions,
): Promise<unknown> {
  try {
    const { data } = await kube.get({ kind: Kinds.ConfigMap, name, namespace }, options)
    return parseYaml(data?.[NIM_TEMPLATE_KEY])
  } catch (cause) {
    if (!isNotFound(cause)) throw cause
    if (isForbidden(refused)) throw refused
    throw new DeployError(
      'NEXUS_DEPLOY_TEMPLATE_MISSING',
      `Namespace ${namespace} has no Template and no ConfigMap "${name}".`,
      { hint: 'Install it: kubectl apply -k config/nim/kubernetes (on OpenShift: config/nim).', cause },
    )
  }
}

function parseYaml(text: string | undefined): unknown {
  if (text === undefined) throw invalidTemplate(`the ConfigMap has no key "${NIM_TEMPLATE_KEY}"`)
  try {
    const document: unknown = parse(text)
    return document
  } catch (cause) {
    throw invalidTemplate(messageOf(cause))
  }
}

const RuntimeSchema = z.looseObject({
  apiVersion: z.string().startsWith('serving.kserve.io/'),
  kind: z.literal('ServingRuntime', 'objects[0] is no ServingRuntime'),
  metadata: z.looseObject({ name: z.string(), annotations: z.record(z.string(), z.string()).optional() }),
  spec: z.looseObject({
    containers: z.array(z.looseObject({ name: z.string() })).min(1, 'a ServingRuntime needs a container'),
    volumes: z.array(z.looseObject({ name: z.string() })).optional(),
  }),
})

const TemplateSchema = z.looseObject({
  kind: z.literal('Template'),
  metadata: z
    .looseObject({ name: z.string().optional(), annotations: z.record(z.string(), z.string()).optional() })
    .optional(),
  objects: z.array(z.unknown()).min(1, 'a Template needs an object'),
})

/**
 * The ServingRuntime inside a Template, cloned, with the Template's `opendatahub.io/apiProtocol`.
 * @throws DeployError `NEXUS_DEPLOY_TEMPLATE_INVALID` naming each field that is wrong.
 */
export function convertTemplateToServingRuntime(template: unknown): ServingRuntime {
  const parsed = TemplateSchema.safeParse(template)
  if (!parsed.success) throw invalidTemplate(problemsOf(parsed.error))
  const runtime = structuredClone(parsed.data.objects[0])
  if (!isServingRuntime(runtime)) throw invalidTemplate(problemsOf(RuntimeSchema.safeParse(runtime).error))
  const { name = NIM_TEMPLATE_NAME, annotations } = parsed.data.metadata ?? {}
  const protocol = annotations?.['opendatahub.io/apiProtocol']
  return {
    ...runtime,
    metadata: {
      ...runtime.metadata,
      annotations: {
        [TEMPLATE_NAME_ANNOTATION]: name,
        ...runtime.metadata.annotations,
        ...(protocol === undefined ? {} : { 'opendatahub.io/apiProtocol': protocol }),
      },
    },
  }
}

/** Where a runtime's weights are. */
export interface CacheLocation {
  readonly claimName: string
  /** A folder of the PVC; its root when left out. */
  readonly subPath?: string | undefined
}

/**
 * A runtime whose weights are in this PVC: the volume's claim, the mount, and `NIM_CACHE_PATH` where it is missing. The
 * volume keeps its name, which other mounts may use; a PVC's name would often be none for a volume. Pure.
 */
export function configureNIMServingRuntime(
  runtime: ServingRuntime,
  { claimName, subPath }: CacheLocation,
): ServingRuntime {
  const volume = cacheVolume(runtime)?.name ?? CACHE_VOLUME
  const server = servingContainer(runtime)
  const { containers, volumes = [] } = runtime.spec
  const claim: Volume = { name: volume, persistentVolumeClaim: { claimName } }
  return {
    ...runtime,
    spec: {
      ...runtime.spec,
      containers: containers.map((container) =>
        container.name === server?.name ? withCache(container, volume, subPath) : container,
      ),
      volumes: volumes.some(({ name }) => name === volume)
        ? volumes.map((other) => (other.name === volume ? claim : other))
        : [claim, ...volumes],
    },
  }
}

function withCache(container: Container, volume: string, subPath: string | undefined): Container {
  const { env = [], volumeMounts = [] } = container
  const { subPath: _, ...mount } = volumeMounts.find(({ name }) => name === volume) ?? {
    name: volume,
    mountPath: env.find(({ name }) => name === 'NIM_CACHE_PATH')?.value ?? CACHE_PATH,
  }
  const cache = subPath === undefined || subPath === '' ? mount : { ...mount, subPath }
  const isMounted = volumeMounts.some(({ name }) => name === volume)
  return {
    ...container,
    env: env.some(({ name }) => name === 'NIM_CACHE_PATH')
      ? env
      : [...env, { name: 'NIM_CACHE_PATH', value: cache.mountPath }],
    volumeMounts: isMounted
      ? volumeMounts.map((other) => (other.name === volume ? cache : other))
      : [...volumeMounts, cache],
  }
}

function isServingRuntime(value: unknown): value is ServingRuntime {
  return RuntimeSchema.safeParse(value).success
}

function problemsOf(error: z.ZodError | undefined): string {
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') ?? ''
}

function invalidTemplate(problem: string): DeployError {
  return new DeployError('NEXUS_DEPLOY_TEMPLATE_INVALID', `"${NIM_TEMPLATE_NAME}" is not usable: ${problem}.`, {
    hint: 'Restore it: kubectl apply -k config/nim/kubernetes (on OpenShift: config/nim).',
  })
}
