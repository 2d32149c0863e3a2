import { hasExpired } from './key-changes.ts'
import type { StoredKey } from './key-document.ts'

/** A stored key as it is shown: neither the key nor its digest. */
export interface KeyView {
  readonly id: string
  /** How it begins and ends. */
  readonly key: string
  readonly state: 'active' | 'expired' | 'disabled'
  readonly projects: readonly string[]
  /** null: every model. */
  readonly models: readonly string[] | null
  readonly limits: StoredKey['limits']
  readonly team: string | null
  readonly createdAt: string
  readonly expiresAt: string | null
}

/** What may be shown of a key. */
export function viewKey(stored: StoredKey, nowMs: number): KeyView {
  const { id, prefix, last4, disabled, projects, models, limits, team, createdAt, expiresAt } = stored
  const state = disabled ? 'disabled' : hasExpired(stored, nowMs) ? 'expired' : 'active'
  const optional = { models: models ?? null, team: team ?? null, expiresAt: expiresAt ?? null }
  return { id, key: `${prefix}…${last4}`, state, projects, limits, createdAt, ...optional }
}

/** Keys as a table for a person. */
export function renderKeyTable(views: readonly KeyView[]): string {
  const rows = views.map((view) => [
    view.id,
    view.key,
    view.state,
    view.projects.join(',') || '-',
    view.models?.join(',') ?? 'all',
    view.createdAt.slice(0, 10),
    view.expiresAt?.slice(0, 16).replace('T', ' ') ?? 'never',
  ])
  const table = [['NAME', 'KEY', 'STATE', 'PROJECTS', 'MODELS', 'CREATED', 'EXPIRES'], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('')
}
