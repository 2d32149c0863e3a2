import { Kinds, refTo } from '@nexus/kube'
import type { JsonPatchOperation, Kind, KubeObject, ObjectRef, Role, RoleBinding } from '@nexus/kube'
import { MANAGED_LABEL } from '../api/metadata.ts'
import { placeOf } from './facts.ts'
import type { LegacyFacts } from './facts.ts'
import { ACCOUNT_FINALIZER, ACCOUNT_GROUP, ACCOUNT_WEBHOOK, LegacyKinds } from './kinds.ts'
import type { Account, ValidatingWebhookConfiguration } from './kinds.ts'
import { generatedNames, KEY_SECRET, SHIPPED } from './names.ts'

/** One write of a clean-up. */
export type LegacyStep =
  | { readonly action: 'delete'; readonly ref: ObjectRef; readonly uid: string | undefined }
  /** `what` says in words what the patch takes away. */
  | {
      readonly action: 'patch'
      readonly ref: ObjectRef
      readonly what: string
      readonly operations: readonly JsonPatchOperation[]
    }

export interface LegacyPlan {
  /** In this order; each is safe to do again. */
  readonly steps: readonly LegacyStep[]
  readonly keeps: readonly { readonly ref: ObjectRef; readonly because: string }[]
  /** Changes of DataScienceClusters, which are made only when they are asked for. */
  readonly dataScienceClusters: readonly Extract<LegacyStep, { action: 'patch' }>[]
}

/**
 * Decides what of older platforms goes. Pure. Only what is proved to be theirs: by an owner, by a label on a name that
 * they gave, by the API group of a role's rules. The order is such that every step stays possible: first the webhook, because its
 * server is gone and it would refuse every change of an Account; Accounts after all that only they prove; their definition last.
 */
export function planLegacyCleanup(facts: LegacyFacts): LegacyPlan {
  const objects = facts.generated.map((object) => judge(object, facts))
  return {
    steps: [
      ...facts.webhooks.flatMap(withoutWebhook),
      ...objects.flatMap(({ steps }) => steps),
      ...facts.accounts.flatMap(removeAccount),
      ...(facts.definition === undefined ? [] : [remove(Kinds.CustomResourceDefinition, facts.definition)]),
      ...rolesOf(facts).map(({ kind, object }) => remove(kind, object)),
    ],
    keeps: objects.flatMap(({ keeps }) => keeps),
    dataScienceClusters: facts.dataScienceClusters.flatMap(({ metadata, spec }) => {
      const nim = spec?.components?.kserve?.nim
      if (nim === undefined) return []
      const path = '/spec/components/kserve/nim'
      return [
        {
          action: 'patch' as const,
          ref: refTo(LegacyKinds.DataScienceCluster, metadata),
          what: 'field spec.components.kserve.nim',
          operations: [
            { op: 'test' as const, path, value: nim },
            { op: 'remove' as const, path },
          ],
        },
      ]
    }),
  }
}

function remove(kind: Kind, { metadata }: KubeObject): LegacyStep {
  return { action: 'delete', ref: refTo(kind, metadata), uid: metadata.uid }
}

function withoutWebhook({ metadata, webhooks = [] }: ValidatingWebhookConfiguration): LegacyStep[] {
  const others = webhooks.filter(({ name }) => name !== ACCOUNT_WEBHOOK)
  if (others.length === webhooks.length) return []
  const operations = replaceList('/webhooks', webhooks, others)
  return [
    {
      action: 'patch',
      ref: refTo(LegacyKinds.ValidatingWebhookConfiguration, metadata),
      what: `webhook ${ACCOUNT_WEBHOOK}`,
      operations,
    },
  ]
}

/** By value: what stands at an index may be another one when the patch arrives. */
function replaceList(path: string, before: readonly unknown[], after: readonly unknown[]): JsonPatchOperation[] {
  return [
    { op: 'test', path, value: before },
    { op: 'replace', path, value: after },
  ]
}

function removeAccount(account: Account): LegacyStep[] {
  const { finalizers = [] } = account.metadata
  const others = finalizers.filter((finalizer) => finalizer !== ACCOUNT_FINALIZER)
  const ref = refTo(LegacyKinds.Account, account.metadata)
  const dropped: LegacyStep[] =
    others.length === finalizers.length
      ? []
      : [
          {
            action: 'patch',
            ref,
            what: `finalizer ${ACCOUNT_FINALIZER}`,
            operations: replaceList('/metadata/finalizers', finalizers, others),
          },
        ]
  // With its finalizer an Account that is being deleted goes by itself.
  return account.metadata.deletionTimestamp === undefined ? [...dropped, remove(LegacyKinds.Account, account)] : dropped
}

interface Judgement {
  readonly steps: readonly LegacyStep[]
  readonly keeps: LegacyPlan['keeps']
}

function judge(object: KubeObject, facts: LegacyFacts): Judgement {
  const kind = [Kinds.ConfigMap, Kinds.Secret, LegacyKinds.Template].find((one) => one.kind === object.kind)
  if (kind === undefined) return { steps: [], keeps: [] }
  const because = whyKept(object, facts)
  if (because === undefined) return { steps: [remove(kind, object)], keeps: [] }
  const ref = refTo(kind, object.metadata)
  return { steps: detach(object, ref, facts), keeps: [{ ref, because }] }
}

function whyKept(object: KubeObject, facts: LegacyFacts): string | undefined {
  const { name, namespace = '', labels = {} } = object.metadata
  if (SHIPPED.includes(name)) return 'it ships with this platform'
  if (object.kind === 'ConfigMap' && isCustomCatalog(object, facts)) return 'the dashboard’s nimConfig names it'
  const user = facts.secretUsers.get(namespace)?.find(({ secret }) => object.kind === 'Secret' && secret === name)
  if (user !== undefined) return `${user.kind} ${user.name} uses it`
  if (ownersOf(object, facts).length > 0 || labels[MANAGED_LABEL] === 'true') return undefined
  return name === KEY_SECRET && isReferenced(object, facts)
    ? undefined
    : 'nothing proves that it was made for an Account'
}

function isCustomCatalog({ metadata }: KubeObject, { dashboardConfigs }: LegacyFacts): boolean {
  return dashboardConfigs.some(({ metadata: config, spec }) => {
    const custom = spec?.nimConfig?.customConfigMap
    return custom?.name === metadata.name && (custom.namespace ?? config.namespace) === metadata.namespace
  })
}

function isReferenced(object: KubeObject, { accounts }: LegacyFacts): boolean {
  return accounts
    .flatMap(generatedNames)
    .some(
      ({ kind, name, namespace = '' }) =>
        placeOf({ ...object, kind: kind.kind, metadata: { name, namespace } }) === placeOf(object),
    )
}

function ownersOf({ metadata }: KubeObject, { accounts }: LegacyFacts): string[] {
  const uids = (metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'Account').map(({ uid }) => uid)
  return uids.filter((uid) => accounts.some((account) => account.metadata.uid === uid))
}

/** What stays must not go with its Account, which the cluster's garbage collector would see to. */
function detach(object: KubeObject, ref: ObjectRef, facts: LegacyFacts): LegacyStep[] {
  const { ownerReferences = [] } = object.metadata
  const others = ownerReferences.filter(({ uid }) => !ownersOf(object, facts).includes(uid))
  if (others.length === ownerReferences.length) return []
  const operations = replaceList('/metadata/ownerReferences', ownerReferences, others)
  return [{ action: 'patch', ref, what: 'its owner, the Account', operations }]
}

function rolesOf({ clusterRoles, roles, roleBindings }: LegacyFacts): { kind: Kind; object: KubeObject }[] {
  const isOfAccounts = ({ metadata, rules = [] }: Role, name: RegExp): boolean =>
    name.test(metadata.name) && rules.length > 0 && rules.every(({ apiGroups }) => apiGroups?.join() === ACCOUNT_GROUP)
  const binds = ({ metadata, roleRef }: RoleBinding): boolean =>
    /(^|-)nim-account-access-binding$/.test(metadata.name) && /(^|-)nim-account-access$/.test(roleRef.name)
  return [
    ...roleBindings.filter(binds).map((object) => ({ kind: Kinds.RoleBinding, object })),
    ...roles
      .filter((role) => isOfAccounts(role, /(^|-)nim-account-access$/))
      .map((object) => ({ kind: Kinds.Role, object })),
    ...clusterRoles
      .filter((role) => isOfAccounts(role, /(^|-)account-(editor|viewer)-role$/))
      .map((object) => ({ kind: Kinds.ClusterRole, object })),
  ]
}
