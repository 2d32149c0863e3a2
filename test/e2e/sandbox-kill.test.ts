import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { spawnServer } from './killable-server.ts'
import type { KillableServer } from './killable-server.ts'

const ROUNDS = process.env['NEXUS_SOAK'] === '1' ? 50 : 5
const WRITERS = 6
/** A round is cut off at a random moment up to this one. */
const LONGEST_ROUND_MS = 800

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
/** A built-in kind, and one that is served because of a stored definition. */
const COLLECTIONS = {
  ConfigMap: '/api/v1/namespaces/default/configmaps',
  Mark: '/apis/test.nexus.dev/v1/namespaces/default/marks',
} as const
type Kind = keyof typeof COLLECTIONS

const Stored = z.object({
  metadata: z.object({ name: z.string(), resourceVersion: z.string(), labels: z.object({ content: z.string() }) }),
})
const List = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(Stored) })
const WatchEvent = z.object({ type: z.string(), object: z.looseObject({}) })

/** What a name may stand for: after an answered write one thing, after one that was cut off either of two. */
interface Possible {
  readonly content: string | undefined
  /** Of an answered write. */
  readonly version?: number
}

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-kill-'))
})
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL') // what a failed test has left
  await rm(dir, { recursive: true, force: true })
})

test(
  `nothing that was answered is lost, in ${ROUNDS} ends by SIGKILL at random moments`,
  { timeout: 900_000 },
  async () => {
    const ledger = new Ledger()
    for (let round = 0; round < ROUNDS; round++) {
      const server = await serve(round)
      await prepare(server, round)
      const before = await ledger.compare(server)
      const watched = follow(server, before)
      const writers = Array.from({ length: WRITERS }, (_, id) => writeUntilKilled(server, ledger, `w${id}-r${round}`))
      await delay(Math.random() * LONGEST_ROUND_MS)
      await server.kill()
      await Promise.all(writers)
      ledger.checkWatched(await watched, before)
    }
    const last = await serve(0)
    await ledger.compare(last)
    await last.kill()
    expect(ledger.answered).toBeGreaterThan(ROUNDS * 5)
  },
)

function start(): ReturnType<typeof spawnServer> {
  const started = spawnServer(dir)
  children.push(started.child)
  return started
}

/** Every other start is itself cut off once, at a moment that is as random. */
async function serve(round: number): Promise<KillableServer> {
  if (round % 2 === 1) {
    const child = start().child
    const exited = once(child, 'exit')
    await delay(Math.random() * LONGEST_ROUND_MS)
    child.kill('SIGKILL')
    await exited
  }
  const server = await start().ready
  if (server === undefined) throw new Error('The server ended before it was ready')
  return server
}

/** The first round defines a kind; the others find it served. */
async function prepare(server: KillableServer, round: number): Promise<void> {
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const spec = {
    group: 'test.nexus.dev',
    scope: 'Namespaced',
    names: { kind: 'Mark', plural: 'marks' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
  }
  if (round === 0) {
    const made = await server.send('POST', DEFINITIONS, { metadata: { name: 'marks.test.nexus.dev' }, spec })
    expect(made?.status).toBe(201)
  }
  expect((await server.send('GET', COLLECTIONS.Mark))?.status).toBe(200)
}

/** One client that creates, replaces and deletes objects of its own until nobody answers. */
async function writeUntilKilled(server: KillableServer, ledger: Ledger, prefix: string): Promise<void> {
  const own: { kind: Kind; name: string }[] = []
  for (let step = 0; ; step++) {
    const known = own[Math.floor(Math.random() * own.length)]
    const chance = Math.random()
    const content = `${prefix}-${step}`
    if (known === undefined || chance < 0.5) {
      const made = { kind: step % 2 === 0 ? 'ConfigMap' : 'Mark', name: `${prefix}-${step}` } as const
      own.push(made)
      if (!(await ledger.write(server, 'POST', made, content))) return
    } else if (chance < 0.8) {
      if (!(await ledger.write(server, 'PUT', known, content))) return
    } else {
      own.splice(own.indexOf(known), 1)
      if (!(await ledger.write(server, 'DELETE', known, undefined))) return
    }
  }
}

/** The versions of all changes of ConfigMaps after `version` that the server told before it was killed, in order. */
async function follow(server: KillableServer, version: number): Promise<number[]> {
  const told: number[] = []
  for await (const event of server.watch(`${COLLECTIONS.ConfigMap}?watch=true&resourceVersion=${version}`)) {
    const { type, object } = WatchEvent.parse(event)
    expect(type).not.toBe('ERROR')
    told.push(Number(Stored.parse(object).metadata.resourceVersion))
  }
  return told
}

/** What the clients know of the cluster: what they were answered, and what they asked for and were not. */
class Ledger {
  answered = 0
  readonly #possible = new Map<string, Possible[]>()
  /** The versions of all answered changes of ConfigMaps. */
  readonly #changes: number[] = []
  #highest = 0
  /** What no version may fall below: the highest before the last start. */
  #floor = 0

  /** Sends one write and notes what came of it; false where the server was gone. */
  async write(
    server: KillableServer,
    method: string,
    { kind, name }: { kind: Kind; name: string },
    content?: string,
  ): Promise<boolean> {
    const key = `${kind}/${name}`
    const before = this.#possible.get(key) ?? [{ content: undefined }]
    this.#possible.set(key, [...before, { content }])
    const path = method === 'POST' ? COLLECTIONS[kind] : `${COLLECTIONS[kind]}/${name}`
    const version = await this.#versionOf(server, kind, name, path)
    const body =
      content === undefined ? undefined : objectOf(kind, name, content, method === 'PUT' ? version : undefined)
    const answer = method === 'PUT' && version === undefined ? undefined : await server.send(method, path, body)
    if (answer === undefined) return false
    expect(`${method} ${key} ${answer.status}`).toBe(`${method} ${key} ${method === 'POST' ? 201 : 200}`)
    this.#note(key, kind, content, answer.body)
    return true
  }

  /** A replacement of a custom resource must say what it replaces. */
  async #versionOf(server: KillableServer, kind: Kind, name: string, path: string): Promise<string | undefined> {
    if (!path.endsWith(`/${name}`)) return undefined
    const found = await server.send('GET', path)
    return found === undefined ? undefined : Stored.parse(found.body).metadata.resourceVersion
  }

  #note(key: string, kind: Kind, content: string | undefined, body: unknown): void {
    this.answered += 1
    if (content === undefined) return void this.#possible.set(key, [{ content }])
    const version = Number(Stored.parse(body).metadata.resourceVersion)
    expect(version).toBeGreaterThan(this.#floor)
    this.#highest = Math.max(this.#highest, version)
    if (kind === 'ConfigMap') this.#changes.push(version)
    this.#possible.set(key, [{ content, version }])
  }

  /** Compares what the server has with what it may have; from then on that is what the clients know. */
  async compare(server: KillableServer): Promise<number> {
    const found = new Map<string, Possible>()
    const versions: number[] = []
    for (const kind of ['ConfigMap', 'Mark'] as const) {
      const answer = await server.send('GET', `${COLLECTIONS[kind]}?labelSelector=content`)
      const { metadata, items } = List.parse(answer?.body)
      versions.push(Number(metadata.resourceVersion))
      for (const {
        metadata: { name, labels, resourceVersion },
      } of items)
        found.set(`${kind}/${name}`, { content: labels.content, version: Number(resourceVersion) })
    }
    const wrong = [...this.#possible].filter(([key, possible]) => !isOneOf(found.get(key), possible))
    expect(wrong.map(([key, possible]) => ({ key, possible, found: found.get(key) }))).toEqual([])
    expect([...found.keys()].filter((key) => !this.#possible.has(key))).toEqual([])
    expect(Math.min(...versions)).toBeGreaterThanOrEqual(this.#highest)
    for (const key of this.#possible.keys()) this.#possible.set(key, [found.get(key) ?? { content: undefined }])
    this.#highest = this.#floor = Math.max(...versions)
    return this.#floor
  }

  /** A watch tells changes in order, and of those up to the last one it told, every one. */
  checkWatched(told: readonly number[], after: number): void {
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b))
    const last = told.at(-1) ?? after
    const missed = this.#changes.filter((version) => version > after && version <= last && !told.includes(version))
    expect(missed).toEqual([])
  }
}

function objectOf(kind: Kind, name: string, content: string, resourceVersion: string | undefined): object {
  const apiVersion = kind === 'Mark' ? 'test.nexus.dev/v1' : 'v1'
  return { apiVersion, kind, metadata: { name, labels: { content }, ...(resourceVersion && { resourceVersion }) } }
}

function isOneOf(found: Possible | undefined, possible: readonly Possible[]): boolean {
  return possible.some(
    ({ content, version }) => content === found?.content && (version === undefined || version === found?.version),
  )
}
