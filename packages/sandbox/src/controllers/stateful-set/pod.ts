import { ownerReferenceTo } from '@nexus/kube'
import type { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet, Volume } from '@nexus/kube'
import { templateOf } from './revision.ts'

export const REVISION_LABEL = 'controller-revision-hash'
const POD_NAME = 'statefulset.kubernetes.io/pod-name'
const POD_INDEX = 'apps.kubernetes.io/pod-index'

/** The number at the end of a pod's name; undefined for a pod of another set. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const match = /^(.*)-(\d+)$/.exec(pod.metadata.name)
  return match?.[1] === set.metadata.name ? Number(match[2]) : undefined
}

export function assembleMember(set: StatefulSet, ordinal: number, revision: ControllerRevision): Pod {
  const { name: setName, namespace } = set.metadata
  const { metadata = {}, spec } = templateOf(revision, set)
  const name = `${setName}-${ordinal}`
  const own = { [REVISION_LABEL]: revision.metadata.name, [POD_NAME]: name, [POD_INDEX]: String(ordinal) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: `${setName}-`,
      ...(namespace !== undefined && { namespace }),
      labels: { ...metadata.labels, ...own },
      ...(metadata.annotations && { annotations: metadata.annotations }),
      ownerReferences: [ownerReferenceTo(set, { controller: true })],
    },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
      ...volumesOf(set, ordinal, spec.volumes),
    },
  }
}

/** A claim of the set takes the place of a volume with its name. */
function volumesOf(set: StatefulSet, ordinal: number, volumes: readonly Volume[] = []): { volumes?: Volume[] } {
  const claimed = assembleClaims(set, ordinal).map(({ template, claim }): Volume => {
    return { name: template, persistentVolumeClaim: { claimName: claim.metadata.name } }
  })
  const others = volumes.filter(({ name }) => claimed.every((one) => one.name !== name))
  const all = [...claimed, ...others]
  return all.length > 0 ? { volumes: all } : {}
}

/** The claims of a member, which outlive it: nobody owns them. */
export function assembleClaims(
  set: StatefulSet,
  ordinal: number,
): { readonly template: string; readonly claim: PersistentVolumeClaim }[] {
  const { name: setName, namespace } = set.metadata
  return (set.spec.volumeClaimTemplates ?? []).map(({ metadata, spec }) => {
    const template = metadata.name ?? ''
    const claim: PersistentVolumeClaim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: `${template}-${setName}-${ordinal}`,
        ...(namespace !== undefined && { namespace }),
        labels: { ...metadata.labels, ...set.spec.selector.matchLabels },
        ...(metadata.annotations && { annotations: metadata.annotations }),
      },
      spec,
    }
    return { template, claim }
  })
}
