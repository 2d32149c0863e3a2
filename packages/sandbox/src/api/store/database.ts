import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { ApiObject } from '../object.ts'
import { isApiObject } from '../objects/fields.ts'
import { damaged, explainOpening, newer } from './store-error.ts'

/** A change that must be on disk before it is answered. */
export interface DurableChange {
  /** Where the object's kind is kept, `deployments.apps`. */
  readonly key: string
  readonly namespace: string
  readonly name: string
  /** The new content, or undefined for a removal. */
  readonly body: string | undefined
  readonly version: number
}

/** Kept in the file as `user_version`; 0, of a file that says nothing, is the same format. */
const FORMAT = 1

const MODES = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
`

const SCHEMA = `
  PRAGMA user_version = ${FORMAT};
  CREATE TABLE IF NOT EXISTS objects (
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (resource, namespace, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT OR IGNORE INTO counters VALUES ('resourceVersion', 1);
`

/**
 * The durable side of the store: one SQLite file, open in one process at a time.
 *
 * With WAL and `synchronous = NORMAL` a committed change is with the operating system: it survives the death of the
 * process. Only checkpoints wait for the disk: a power cut or a crash of the system may take back the changes since the
 * last one, the newest first, so that what is left is a state the cluster once had. Versions then go back with them.
 */
export class Database {
  readonly #file: string
  readonly #db: DatabaseSync
  readonly #upsert: StatementSync
  readonly #remove: StatementSync
  readonly #count: StatementSync

  /** @throws StoreError where another process uses the file, a later version wrote it, or it is no database. */
  constructor(file: string) {
    this.#file = file
    this.#db = openDatabase(file)
    this.#upsert = this.#db.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)')
    this.#remove = this.#db.prepare('DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?')
    this.#count = this.#db.prepare("UPDATE counters SET value = ? WHERE name = 'resourceVersion'")
  }

  /** The highest version ever given out: it survives the deletion of the object that carried it. */
  version(): number {
    const row = this.#db.prepare("SELECT value FROM counters WHERE name = 'resourceVersion'").get()
    return Number(row?.['value'] ?? 1)
  }

  /** @throws StoreError at an object that cannot be read: a cluster that misses objects would act on what it misses. */
  *load(): Generator<{ key: string; object: ApiObject }> {
    for (const row of this.#db.prepare('SELECT resource, namespace, name, body FROM objects').iterate()) {
      const object = parseObject(String(row['body']))
      const [key, namespace, name] = [row['resource'], row['namespace'], row['name']].map(String)
      const place = `${key} "${namespace}/${name}"`
      if (key === undefined || object === undefined) throw damaged(this.#file, `${place} cannot be read`)
      if (object.metadata.name !== name || (object.metadata.namespace ?? '') !== namespace)
        throw damaged(this.#file, `what stands for ${place} is another object`)
      yield { key, object }
    }
  }

  /** Writes the change and the counter, both or neither. */
  commit({ key, namespace, name, body, version }: DurableChange): void {
    this.#db.exec('BEGIN')
    try {
      if (body === undefined) this.#remove.run(key, namespace, name)
      else this.#upsert.run(key, namespace, name, body)
      this.#count.run(version)
      this.#db.exec('COMMIT')
    } catch (error) {
      // SQLite itself rolls back where the disk is full or broken.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#db.close()
  }
}

function openDatabase(file: string): DatabaseSync {
  // Secrets are in it: only the owner may read it. SQLite gives the files beside it the same mode.
  if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600))
  const db = new DatabaseSync(file)
  try {
    db.exec(MODES)
    const format = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
    if (format > FORMAT) throw newer(file, format, FORMAT)
    db.exec(SCHEMA)
    return db
  } catch (error) {
    db.close()
    throw explainOpening(file, error)
  }
}

function parseObject(body: string): ApiObject | undefined {
  try {
    const object: unknown = JSON.parse(body)
    return isApiObject(object) ? object : undefined
  } catch {
    // The parser's message would quote the text.
    return undefined
  }
}
