import type { Kind, KubeObject } from '@nexus/kube'

// Kinds of older platforms, as far as their clean-up reads them.

export interface Account extends KubeObject {
  spec?: { apiKeySecret?: { name?: string; namespace?: string } }
  status?: Partial<Record<'runtimeTemplate' | 'nimConfig' | 'nimPullSecret', { name?: string; namespace?: string }>>
}

export interface ValidatingWebhookConfiguration extends KubeObject {
  webhooks?: { name: string; [field: string]: unknown }[]
}

export interface DataScienceCluster extends KubeObject {
  spec?: { components?: { kserve?: { nim?: unknown } } }
}

export interface OdhDashboardConfig extends KubeObject {
  spec?: { nimConfig?: { customConfigMap?: { name?: string; namespace?: string } } }
}

function kind<T extends KubeObject>(apiVersion: string, name: string, plural: string, namespaced = true): Kind<T> {
  return { apiVersion, kind: name, plural, namespaced }
}

export const LegacyKinds = {
  Account: kind<Account>('nim.opendatahub.io/v1', 'Account', 'accounts'),
  Template: kind('template.openshift.io/v1', 'Template', 'templates'),
  OdhDashboardConfig: kind<OdhDashboardConfig>('opendatahub.io/v1alpha', 'OdhDashboardConfig', 'odhdashboardconfigs'),
  DataScienceCluster: kind<DataScienceCluster>(
    'datasciencecluster.opendatahub.io/v1',
    'DataScienceCluster',
    'datascienceclusters',
    false,
  ),
  ValidatingWebhookConfiguration: kind<ValidatingWebhookConfiguration>(
    'admissionregistration.k8s.io/v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    false,
  ),
} as const

export const ACCOUNT_GROUP = 'nim.opendatahub.io'
export const ACCOUNT_DEFINITION = 'accounts.nim.opendatahub.io'

/** What keeps an Account until a controller has cleaned up, which is no more. */
export const ACCOUNT_FINALIZER = 'runtimes.opendatahub.io/nim-cleanup-finalizer'

/** The entry that asks a server, which is no more, about every Account that is written. */
export const ACCOUNT_WEBHOOK = 'validating.nim.account.odh-model-controller.opendatahub.io'
