import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Database } from './database.ts'
import { ObjectStore } from './store.ts'

let dir: string
let file: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nexus-database-'))
  file = join(dir, 'cluster.db')
})
afterEach(() => rmSync(dir, { recursive: true }))

function change(name: string, version: number): Parameters<Database['commit']>[0] {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'demo' } })
  return { key: 'configmaps', namespace: 'demo', name, body, version }
}

/** Does something to the file that the server would never do. */
function tamper(sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

test('a change that cannot be counted is not kept either', () => {
  const database = new Database(file)
  database.commit(change('first', 2))
  expect(() => database.commit(change('second', Number.NaN))).toThrow('NOT NULL')
  database.commit(change('third', 3))
  expect([...database.load()].map(({ object }) => object.metadata.name)).toEqual(['first', 'third'])
  expect(database.version()).toBe(3)
  database.close()
})

test('a second process is told that the file is in use', () => {
  const database = new Database(file)
  expect(() => new Database(file)).toThrow(expect.objectContaining({ code: 'NEXUS_STORE_IN_USE' }))
  database.close()
  new Database(file).close()
})

test('a file of an earlier version is opened, one of a later version is refused', () => {
  new Database(file).close()
  tamper('PRAGMA user_version = 0')
  new Database(file).close()
  tamper('PRAGMA user_version = 2')
  expect(() => new Database(file)).toThrow(expect.objectContaining({ code: 'NEXUS_STORE_NEWER' }))
})

test('a file that is no database is refused, and left as it is', () => {
  writeFileSync(file, 'x'.repeat(8192))
  expect(() => new Database(file)).toThrow(expect.objectContaining({ code: 'NEXUS_STORE_DAMAGED' }))
  expect(statSync(file).size).toBe(8192)
})

test.each([
  ['UPDATE objects SET body = \'{"token": "nvapi-test-1\'', 'configmaps "demo/one" cannot be read'],
  ["UPDATE objects SET body = '{}'", 'configmaps "demo/one" cannot be read'],
  ["UPDATE objects SET name = 'two'", 'what stands for configmaps "demo/two" is another object'],
])('an object that cannot be read is named and not quoted: %s', (sql, message) => {
  const database = new Database(file)
  database.commit(change('one', 2))
  database.close()
  tamper(sql)
  expect(() => new ObjectStore(file)).toThrow(`${file} is damaged: ${message}`)
  // The refusal has let go of the file.
  new Database(file).close()
})

test('only the owner can read the database and the log beside it', () => {
  const database = new Database(file)
  database.commit(change('one', 2))
  expect([file, `${file}-wal`].map((one) => statSync(one).mode & 0o777)).toEqual([0o600, 0o600])
  database.close()
})
