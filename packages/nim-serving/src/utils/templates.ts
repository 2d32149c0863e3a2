import { NIM_TEMPLATE_KEY, NIM_TEMPLATE_NAME } from '@nexus/catalog'
import { messageOf } from '@nexus/core'
import { isNotFound, KubeApiError, Kinds } from '@nexus/kube'
import type { CallOptions, Kind, KubeClient, ServingRuntime, UnknownObject } from '@nexus/kube'
import { parse } from 'yaml'
import { z } from 'zod'
import { DeployError } from '../errors.ts'

/** OpenShift's Template: its objects stand at the top, not under a `spec`. */
export const TemplateKind: Kind<UnknownObject> = {
  apiVersion: 'template.openshift.io/v1',
  kind: 'Template',
  plural: 'templates',
  namespaced: true,
}

/**
 * The ServingRuntime of `nim-http-template` in the platform namespace: out of a Template where the cluster knows them,
 * else out of a ConfigMap.
 * @throws DeployError `NEXUS_DEPLOY_TEMPLATE_MISSING` or `NEXUS_DEPLOY_TEMPLATE_INVALID`; KubeApiError for what the server
 * answers otherwise.
 */
export async function fetchNIMTemplate(
  kube: KubeClient,
  { namespace }: { namespace: string },
  options?: CallOptions,
): Promise<ServingRuntime> {
  try {
    return convertTemplateToServingRuntime(
      await kube.get({ kind: TemplateKind, name: NIM_TEMPLATE_NAME, namespace }, options),
    )
  } catch (refused) {
    if (!isNotFound(refused) && !isForbidden(refused)) throw refused
    return convertTemplateToServingRuntime(await fetchTemplateText(kube, namespace, refused, options))
  }
}

/**
 * A cluster without Templates answers 404, like one without this Template; but it asks for rights first, and says 403 to
 * whoever has none for a kind that it does not have.
 */
function isForbidden(thrown: unknown): thrown is KubeApiError {
  return thrown instanceof KubeApiError && thrown.status === 403
}

async function fetchTemplateText(
  kube: KubeClient,
  namespace: string,
  refused: KubeApiError,
  options?: CallOptions,
): Promise<unknown> {
  try {
    const { data } = await kube.get({ kind: Kinds.ConfigMap, name: NIM_TEMPLATE_NAME, namespace }, options)
    return parseYaml(data?.[NIM_TEMPLATE_KEY])
  } catch (cause) {
    if (!isNotFound(cause)) throw cause
    if (isForbidden(refused)) throw refused
    throw new DeployError(
      'NEXUS_DEPLOY_TEMPLATE_MISSING',
      `Namespace ${namespace} has no Template and no ConfigMap "${NIM_TEMPLATE_NAME}".`,
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
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }).optional(),
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
  const protocol = parsed.data.metadata?.annotations?.['opendatahub.io/apiProtocol']
  return {
    ...runtime,
    metadata: {
      ...runtime.metadata,
      annotations: {
        ...runtime.metadata.annotations,
        ...(protocol === undefined ? {} : { 'opendatahub.io/apiProtocol': protocol }),
      },
    },
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
