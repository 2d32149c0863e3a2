import { messageOf } from '@nexus/core'
import { isForbidden, isNotFound, Kinds } from '@nexus/kube'
import type { CallOptions, Kind, KubeClient, KubeObject, ObjectRef, UnknownObject } from '@nexus/kube'
import { parse } from 'yaml'
import { z } from 'zod'
import { DeployError } from '../errors.ts'

/** The settings of the dashboard of OpenShift AI. */
const OdhDashboardConfigKind: Kind<UnknownObject> = {
  apiVersion: 'opendatahub.io/v1alpha',
  kind: 'OdhDashboardConfig',
  plural: 'odhdashboardconfigs',
  namespaced: true,
}

/** The account of the earlier way to serve NIMs, which names the Template made for it. */
const AccountKind: Kind<UnknownObject> = {
  apiVersion: 'nim.opendatahub.io/v1',
  kind: 'Account',
  plural: 'accounts',
  namespaced: true,
}

/** Holds `nimConfig` on clusters without an OdhDashboardConfig, under a data key of that name, as YAML. */
const CONFIG_MAP = 'nexus-config'

const NimConfig = z.looseObject({ templateName: z.string().min(1).optional() })
const DashboardConfig = z.looseObject({ spec: z.looseObject({ nimConfig: NimConfig.optional() }).optional() })
const Account = z.looseObject({
  status: z.looseObject({ runtimeTemplate: z.looseObject({ name: z.string() }).optional() }).optional(),
})

/**
 * The name of the Template that `nimConfig` chooses, undefined where it chooses none: in the OdhDashboardConfig where the
 * cluster has one with that field, else in ConfigMap `nexus-config`.
 * @throws DeployError `NEXUS_DEPLOY_TEMPLATE_INVALID` where the setting cannot be read; KubeApiError.
 */
export async function configuredTemplateName(
  kube: KubeClient,
  namespace: string,
  options?: CallOptions,
): Promise<string | undefined> {
  const [dashboard, config] = await Promise.all([
    getIfReadable(kube, { kind: OdhDashboardConfigKind, name: 'odh-dashboard-config', namespace }, options),
    getIfReadable(kube, { kind: Kinds.ConfigMap, name: CONFIG_MAP, namespace }, options),
  ])
  const onDashboard = DashboardConfig.safeParse(dashboard).data?.spec?.nimConfig
  if (onDashboard !== undefined) return onDashboard.templateName
  const text = config?.data?.['nimConfig']
  return text === undefined ? undefined : parseConfig(text, namespace).templateName
}

/** The name of the Template that an Account refers to, undefined where there is none. */
export async function accountTemplateName(
  kube: KubeClient,
  namespace: string,
  options?: CallOptions,
): Promise<string | undefined> {
  try {
    const { items } = await kube.list({ kind: AccountKind, namespace }, options)
    return items.map((item) => Account.safeParse(item).data?.status?.runtimeTemplate?.name).find(Boolean)
  } catch (cause) {
    if (isHidden(cause)) return undefined
    throw cause
  }
}

function parseConfig(text: string, namespace: string): z.output<typeof NimConfig> {
  try {
    return NimConfig.parse(parse(text))
  } catch (cause) {
    throw new DeployError(
      'NEXUS_DEPLOY_TEMPLATE_INVALID',
      `"nimConfig" of ConfigMap ${namespace}/${CONFIG_MAP} cannot be read: ${messageOf(cause)}`,
      { hint: `Correct it: kubectl edit configmap ${CONFIG_MAP} -n ${namespace}`, cause },
    )
  }
}

async function getIfReadable<T extends KubeObject>(
  kube: KubeClient,
  ref: ObjectRef<T>,
  options?: CallOptions,
): Promise<T | undefined> {
  try {
    return await kube.get(ref, options)
  } catch (cause) {
    if (isHidden(cause)) return undefined
    throw cause
  }
}

/** Not there, or not for this user: an API server says 403 of a kind that it does not have to whoever has no rights. */
function isHidden(thrown: unknown): boolean {
  return isNotFound(thrown) || isForbidden(thrown)
}
