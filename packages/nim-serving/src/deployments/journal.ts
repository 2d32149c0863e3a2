import { isConflict, isNotFound, KubeApiError, knownKind, ownerReferenceTo, refTo } from '@nexus/kube'
import type { InferenceService, KubeClient, KubeObject, ObjectRef } from '@nexus/kube'
import { DEPLOY_ID_ANNOTATION } from '../api/metadata.ts'
import type { SecretFacts } from './existing.ts'
import { getOrUndefined } from './existing.ts'

/** How long taking back may last. It does not end with the caller's signal: that is often why it is needed. */
const ROLLBACK_TIMEOUT_MS = 30_000

/** Pauses between looks for an object whose creation was not answered: the request may still be on its way. */
const LOOKS_MS = [0, 250, 1000] as const

/** One write that can be taken back. */
interface Undo {
  readonly ref: ObjectRef
  /** The command by which a person does the same. */
  readonly command: string
  readonly undo: (kube: KubeClient, signal: AbortSignal) => Promise<void>
}

export interface JournalOptions {
  readonly kube: KubeClient
  /** Marks what this journal creates. */
  readonly deployId: string
  readonly signal?: AbortSignal | undefined
}

/** What taking back came to. */
export interface RollbackResult {
  readonly removed: readonly ObjectRef[]
  /** Commands that remove what could not be removed. */
  readonly leftovers: readonly string[]
}

/** Writes objects and remembers how to take each write back, also one of which nobody knows whether it happened. */
export class WriteJournal {
  readonly #kube: KubeClient
  readonly #deployId: string
  readonly #signal: AbortSignal | undefined
  readonly #undos: Undo[] = []

  constructor({ kube, deployId, signal }: JournalOptions) {
    this.#kube = kube
    this.#deployId = deployId
    this.#signal = signal
  }

  /** The cluster as those see it that need not know of the journal: what they create can be taken back. */
  get client(): KubeClient {
    return { ...withMethodsOf(this.#kube), create: (object) => this.create(object) }
  }

  /** `object` with the mark of this journal, as `create` writes it. */
  stamp<T extends KubeObject>(object: T): T {
    const annotations = { ...object.metadata.annotations, [DEPLOY_ID_ANNOTATION]: this.#deployId }
    return { ...object, metadata: { ...object.metadata, annotations } }
  }

  async create<T extends KubeObject>(object: T): Promise<T> {
    const ref = refOf(object)
    try {
      const created = await this.#kube.create(this.stamp(object), { signal: this.#signal })
      this.#undos.push(undoCreate(ref, created.metadata.uid))
      return created
    } catch (cause) {
      if (mayHaveHappened(cause)) this.#undos.push(undoDoubtfulCreate(ref, this.#deployId, wasAnswered(cause)))
      throw cause
    }
  }

  /** Makes `owner` an owner of a Secret, so that the Secret goes when the InferenceService goes. */
  async own(secret: KubeObject | SecretFacts, owner: InferenceService, found: boolean): Promise<void> {
    const { name, namespace, uid } = secret.metadata
    const ref = refOf({ apiVersion: 'v1', kind: 'Secret', metadata: { name, ...(namespace && { namespace }) } })
    const reference = ownerReferenceTo(owner)
    // Before the patch: were the InferenceService taken back first, the collector would take a found Secret with it.
    if (found) this.#undos.push(undoOwn(ref, reference.uid))
    // A strategic patch merges owners by uid: those that somebody else adds meanwhile stay.
    const body = { metadata: { uid, ownerReferences: [reference] } }
    await this.#kube.patch(ref, { type: 'strategic', body }, { signal: this.#signal })
  }

  /** Takes every write back, last one first; one that fails does not stop the others. */
  async rollBack(): Promise<RollbackResult> {
    const signal = AbortSignal.timeout(ROLLBACK_TIMEOUT_MS)
    const removed: ObjectRef[] = []
    const leftovers: string[] = []
    for (const { ref, command, undo } of this.#undos.reverse()) {
      try {
        await undo(this.#kube, signal)
        removed.push(ref)
      } catch {
        leftovers.push(command)
      }
    }
    this.#undos.length = 0
    return { removed, leftovers }
  }
}

/** The methods of a client as an object of its own, whatever kind of object it is. */
function withMethodsOf(kube: KubeClient): KubeClient {
  return {
    get: (ref, options) => kube.get(ref, options),
    list: (query, options) => kube.list(query, options),
    watch: (query, options) => kube.watch(query, options),
    create: (object, options) => kube.create(object, options),
    replace: (object, options) => kube.replace(object, options),
    patch: (ref, patch, options) => kube.patch(ref, patch, options),
    apply: (object, options) => kube.apply(object, options),
    delete: (ref, options) => kube.delete(ref, options),
  }
}

function undoCreate(ref: ObjectRef, uid: string | undefined): Undo {
  return {
    ref,
    command: deleteCommand(ref),
    undo: (kube, signal) => deleteExactly(kube, ref, uid, signal),
  }
}

function undoDoubtfulCreate(ref: ObjectRef, deployId: string, answered: boolean): Undo {
  return {
    ref,
    command: `${deleteCommand(ref)} --ignore-not-found`,
    async undo(kube, signal) {
      for (const pauseMs of answered ? LOOKS_MS.slice(0, 1) : LOOKS_MS) {
        await sleep(pauseMs)
        const found = await getOrUndefined(kube, ref, { signal })
        if (found === undefined) continue
        if (found.metadata.annotations?.[DEPLOY_ID_ANNOTATION] !== deployId) return
        return deleteExactly(kube, ref, found.metadata.uid, signal)
      }
    },
  }
}

function undoOwn(ref: ObjectRef, ownerUid: string): Undo {
  const body = { metadata: { ownerReferences: [{ $patch: 'delete', uid: ownerUid }] } }
  return {
    ref,
    command: `kubectl patch ${target(ref)} -p '${JSON.stringify(body)}'`,
    async undo(kube, signal) {
      await kube.patch(ref, { type: 'strategic', body }, { signal })
    },
  }
}

/** Deletes the object we made and no later one of its name. */
async function deleteExactly(
  kube: KubeClient,
  ref: ObjectRef,
  uid: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const preconditions = uid === undefined ? {} : { preconditions: { uid } }
  try {
    await kube.delete(ref, { signal, propagationPolicy: 'Background', ...preconditions })
  } catch (cause) {
    if (!isNotFound(cause) && !isConflict(cause)) throw cause
  }
}

/** Only an answer of 4xx says that nothing was written; 5xx, timeouts and broken connections leave it open. */
function mayHaveHappened(cause: unknown): boolean {
  return !(cause instanceof KubeApiError && cause.status >= 400 && cause.status < 500 && cause.status !== 408)
}

function wasAnswered(cause: unknown): boolean {
  return cause instanceof KubeApiError && cause.status > 0
}

/** The reference of an object whose kind this project knows. */
function refOf({ apiVersion, kind, metadata }: KubeObject): ObjectRef {
  const known = knownKind(apiVersion, kind)
  if (known === undefined) throw new TypeError(`no deployment has a ${apiVersion} ${kind}`)
  return refTo(known, metadata)
}

/** The command that deletes an object. */
export function deleteCommand(ref: ObjectRef): string {
  return `kubectl delete ${target(ref)}`
}

function target({ kind, name, namespace }: ObjectRef): string {
  return `${kind.kind.toLowerCase()} ${name}${namespace === undefined ? '' : ` -n ${namespace}`}`
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
