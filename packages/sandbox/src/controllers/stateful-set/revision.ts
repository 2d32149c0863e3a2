import { isAlreadyExists, Kinds, ownerReferenceTo, refTo } from '@nexus/kube'
import type { ControllerRevision, KubeClient, PodTemplateSpec, StatefulSet } from '@nexus/kube'
import { canonicalJson, isJsonObject, isSameJson } from '../runtime/merge-patch.ts'
import { hashSuffix } from '../runtime/names.ts'
import { isControlledBy } from '../runtime/objects.ts'

/** The templates that a StatefulSet is between: the one most of its pods have, and the one they are to get. */
export interface Revisions {
  readonly current: ControllerRevision
  readonly update: ControllerRevision
}

/** The revision of the present template, made or made the newest where it is not, and the one that pods have so far. */
export async function syncRevisions(
  kube: KubeClient,
  set: StatefulSet,
  known: readonly ControllerRevision[],
): Promise<Revisions> {
  const own = known.filter((revision) => isControlledBy(revision, set)).sort((a, b) => a.revision - b.revision)
  const update = await newestRevision(kube, set, own)
  const current = own.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
  return { current, update }
}

async function newestRevision(
  kube: KubeClient,
  set: StatefulSet,
  own: readonly ControllerRevision[],
): Promise<ControllerRevision> {
  const revision = (own.at(-1)?.revision ?? 0) + 1
  const wanted = assembleRevision(set, revision)
  const same = own.findLast(({ data }) => isSameJson(data, wanted.data))
  if (same === undefined) return createRevision(kube, wanted)
  if (same === own.at(-1)) return same
  // A template that comes back is the newest again.
  return kube.patch(refTo(Kinds.ControllerRevision, same.metadata), { type: 'merge', body: { revision } })
}

/** The informer may not know yet what the last reconciliation made. */
async function createRevision(kube: KubeClient, wanted: ControllerRevision): Promise<ControllerRevision> {
  try {
    return await kube.create(wanted)
  } catch (thrown) {
    if (!isAlreadyExists(thrown)) throw thrown
    return kube.get(refTo(Kinds.ControllerRevision, wanted.metadata))
  }
}

function assembleRevision(set: StatefulSet, revision: number): ControllerRevision {
  const { name, namespace } = set.metadata
  const { template, selector } = set.spec
  const hash = hashSuffix(canonicalJson(template), 10)
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace !== undefined && { namespace }),
      labels: { ...selector.matchLabels, 'controller.kubernetes.io/hash': hash },
      ownerReferences: [ownerReferenceTo(set, { controller: true })],
    },
    data: { spec: { template: { $patch: 'replace', ...template } } },
    revision,
  }
}

/** The template that a revision remembers; the set's own where it cannot be read. */
export function templateOf({ data }: ControllerRevision, set: StatefulSet): PodTemplateSpec {
  const spec = isJsonObject(data) ? data['spec'] : undefined
  const template = isJsonObject(spec) ? spec['template'] : undefined
  if (!isTemplate(template)) return set.spec.template
  const { $patch: _patch, ...remembered } = template
  return remembered
}

function isTemplate(value: unknown): value is PodTemplateSpec & { $patch?: string } {
  return isJsonObject(value) && isJsonObject(value['spec'])
}
