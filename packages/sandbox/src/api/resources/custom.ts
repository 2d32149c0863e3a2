import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, numberAt, recordAt, stringAt } from '../objects/fields.ts'
import { joinApiVersion, SCALE, STATUS } from './resource.ts'
import type { PrinterColumn, Resource, Subresource, Verb } from './resource.ts'

function printerColumn(column: unknown): PrinterColumn[] {
  const name = stringAt(column, 'name')
  const jsonPath = stringAt(column, 'jsonPath')
  if (name === undefined || jsonPath === undefined) return []
  const format = stringAt(column, 'format')
  const description = stringAt(column, 'description')
  const priority = numberAt(column, 'priority')
  return [
    {
      name,
      jsonPath,
      type: stringAt(column, 'type') ?? 'string',
      ...(format !== undefined && { format }),
      ...(description !== undefined && { description }),
      ...(priority !== undefined && { priority }),
    },
  ]
}

/** In the order in which the API server lists them for custom kinds. */
const VERBS: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']

function subresourcesOf(version: unknown): Subresource[] {
  const subresources: Subresource[] = []
  if (isRecord(fieldAt(version, 'subresources', 'status'))) subresources.push(STATUS)
  if (isRecord(fieldAt(version, 'subresources', 'scale'))) subresources.push(SCALE)
  return subresources
}

function strings(values: unknown[]): string[] {
  return values.filter((value) => typeof value === 'string')
}

/** The resources, one per served version, that a CustomResourceDefinition brings. */
export function resourcesOfDefinition(definition: ApiObject): Resource[] {
  const spec = definition['spec']
  const group = stringAt(spec, 'group') ?? ''
  const kind = stringAt(spec, 'names', 'kind') ?? ''
  const plural = stringAt(spec, 'names', 'plural') ?? ''
  const versions = listAt(spec, 'versions')
  const stored = versions.find((version) => fieldAt(version, 'storage') === true) ?? versions[0]
  return versions
    .filter((version) => fieldAt(version, 'served') === true)
    .map((served) => {
      const version = stringAt(served, 'name') ?? ''
      const columns = listAt(served, 'additionalPrinterColumns').flatMap((column) => printerColumn(column))
      return {
        group,
        version,
        apiVersion: joinApiVersion(group, version),
        kind,
        listKind: stringAt(spec, 'names', 'listKind') ?? `${kind}List`,
        plural,
        singular: stringAt(spec, 'names', 'singular') ?? kind.toLowerCase(),
        namespaced: stringAt(spec, 'scope') === 'Namespaced',
        shortNames: strings(listAt(spec, 'names', 'shortNames')),
        categories: strings(listAt(spec, 'names', 'categories')),
        verbs: VERBS,
        subresources: subresourcesOf(served),
        counted: true,
        custom: true,
        storageKey: `${plural}.${group}`,
        storageVersion: joinApiVersion(group, stringAt(stored, 'name') ?? version),
        ...(columns.length > 0 && { printerColumns: columns }),
        openApiSchema: fieldAt(served, 'schema', 'openAPIV3Schema'),
      }
    })
}

/** Fills in what a definition may leave out: list kind, singular, conversion. */
export function completeDefinition(definition: ApiObject): void {
  const spec = recordAt(definition, 'spec')
  const names = recordAt(spec, 'names')
  const kind = stringAt(names, 'kind') ?? ''
  if (kind !== '') {
    names['listKind'] ??= `${kind}List`
    names['singular'] ??= kind.toLowerCase()
  }
  spec['conversion'] ??= { strategy: 'None' }
}

/** The status of a definition that was changed: its new names, and a version more in which objects may be stored. */
export function acceptChange(definition: ApiObject): void {
  const { status } = definition
  if (!isRecord(status)) return
  const stored = listAt(definition, 'spec', 'versions').find((version) => fieldAt(version, 'storage') === true)
  const versions = new Set(listAt(status, 'storedVersions'))
  if (stored !== undefined) versions.add(stringAt(stored, 'name') ?? '')
  const acceptedNames = fieldAt(definition, 'spec', 'names')
  definition['status'] = { ...status, acceptedNames, storedVersions: [...versions] }
}

/** The status of a definition that is served, in kube-apiserver's words. The server serves it in the same moment. */
export function establishedStatus(definition: ApiObject, now: string): Record<string, unknown> {
  const stored = listAt(definition, 'spec', 'versions').filter((version) => fieldAt(version, 'storage') === true)
  return {
    conditions: [
      {
        type: 'NamesAccepted',
        status: 'True',
        lastTransitionTime: now,
        reason: 'NoConflicts',
        message: 'no conflicts found',
      },
      {
        type: 'Established',
        status: 'True',
        lastTransitionTime: now,
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ],
    acceptedNames: fieldAt(definition, 'spec', 'names'),
    storedVersions: stored.map((version) => stringAt(version, 'name') ?? ''),
  }
}
