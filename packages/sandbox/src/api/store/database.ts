import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { ApiObject } from '../object.ts'
import { isApiObject } from '../objects/fields.ts'

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

/** A token of a ServiceAccount; only its SHA-256 is kept. */
export interface TokenRow {
  readonly hash: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Milliseconds since 1970. */
  readonly expires: number
}

const SCHEMA = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS objects (
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (resource, namespace, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (
    hash TEXT PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL, expires INTEGER NOT NULL
  ) WITHOUT ROWID;
  INSERT OR IGNORE INTO counters VALUES ('resourceVersion', 1);
`

/**
 * The durable side of the store: one SQLite file. With WAL and `synchronous = NORMAL` a committed change survives the
 * death of the process; a power cut may lose the last moments, but never tears what is there.
 */
export class Database {
  readonly #db: DatabaseSync
  readonly #upsert: StatementSync
  readonly #remove: StatementSync
  readonly #count: StatementSync

  constructor(file: string) {
    // Secrets are in it: only the owner may read it. SQLite gives the files beside it the same mode.
    if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600))
    this.#db = new DatabaseSync(file)
    this.#db.exec(SCHEMA)
    this.#upsert = this.#db.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)')
    this.#remove = this.#db.prepare('DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?')
    this.#count = this.#db.prepare("UPDATE counters SET value = ? WHERE name = 'resourceVersion'")
  }

  /** The highest version ever given out: it survives the deletion of the object that carried it. */
  version(): number {
    const row = this.#db.prepare("SELECT value FROM counters WHERE name = 'resourceVersion'").get()
    return Number(row?.['value'] ?? 1)
  }

  *load(): Generator<{ key: string; object: ApiObject }> {
    for (const row of this.#db.prepare('SELECT resource, body FROM objects').iterate()) {
      const object: unknown = JSON.parse(String(row['body']))
      if (isApiObject(object)) yield { key: String(row['resource']), object }
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
      this.#db.exec('ROLLBACK')
      throw error
    }
  }

  saveToken(row: TokenRow): void {
    const { hash, namespace, name, uid, expires } = row
    this.#db.prepare('INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)').run(hash, namespace, name, uid, expires)
  }

  findToken(hash: string): TokenRow | undefined {
    const row = this.#db.prepare('SELECT * FROM tokens WHERE hash = ?').get(hash)
    if (!row) return undefined
    return {
      hash,
      namespace: String(row['namespace']),
      name: String(row['name']),
      uid: String(row['uid']),
      expires: Number(row['expires']),
    }
  }

  /** Forgets the tokens that expired before `now` (milliseconds since 1970). */
  dropExpiredTokens(now: number): void {
    this.#db.prepare('DELETE FROM tokens WHERE expires < ?').run(now)
  }

  close(): void {
    this.#db.close()
  }
}
