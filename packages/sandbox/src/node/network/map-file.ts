import { readFileSync, statSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { emptyAddressMap } from './address-map.ts'
import type { AddressMap } from './address-map.ts'

/** Replaces the map in one step: a reader sees the old map or the new one, never half of it. */
export async function writeAddressMap(path: string, map: AddressMap): Promise<void> {
  const next = `${path}.next`
  await writeFile(next, JSON.stringify(map), { mode: 0o600 })
  await rename(next, path)
}

/**
 * Reads the map at each call, from memory while the file is the same: a stat costs microseconds. Without a file the map
 * is empty.
 */
export function addressMapReader(path: string): () => AddressMap {
  let seen = ''
  let map = emptyAddressMap
  return () => {
    const stat = statSync(path, { throwIfNoEntry: false, bigint: true })
    if (stat === undefined) return map
    const version = `${stat.ino}:${stat.mtimeNs}:${stat.size}`
    if (version !== seen) {
      map = parseAddressMap(readFileSync(path, 'utf8'))
      seen = version
    }
    return map
  }
}

function parseAddressMap(text: string): AddressMap {
  const value: unknown = JSON.parse(text)
  return isAddressMap(value) ? value : emptyAddressMap
}

/** The agent is the only writer: its two records are recognised, their entries trusted. */
function isAddressMap(value: unknown): value is AddressMap {
  return typeof value === 'object' && value !== null && 'sockets' in value && 'names' in value
}
