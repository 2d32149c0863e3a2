import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, stringAt } from '../objects/fields.ts'
import { ageColumn, nameColumn, text, wide } from './column.ts'
import type { Column } from './column.ts'

const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

export const claimColumns: readonly Column[] = [
  { name: 'Status', cell: phaseOf },
  text('Volume', 'spec.volumeName'),
  { name: 'Capacity', cell: (claim) => whenBound(claim, stringAt(claim, 'status', 'capacity', 'storage') ?? '') },
  { name: 'Access Modes', cell: (claim) => whenBound(claim, accessModes(listAt(claim, 'status', 'accessModes'))) },
  text('StorageClass', 'spec.storageClassName'),
  text('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>'),
  ageColumn,
  wide(text('VolumeMode', 'spec.volumeMode', '<unset>')),
]

export const volumeColumns: readonly Column[] = [
  text('Capacity', 'spec.capacity.storage'),
  { name: 'Access Modes', cell: (volume) => accessModes(listAt(volume, 'spec', 'accessModes')) },
  text('Reclaim Policy', 'spec.persistentVolumeReclaimPolicy'),
  { name: 'Status', cell: phaseOf },
  { name: 'Claim', cell: claimOf },
  text('StorageClass', 'spec.storageClassName'),
  text('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>'),
  text('Reason', 'status.reason'),
  ageColumn,
  wide(text('VolumeMode', 'spec.volumeMode', '<unset>')),
]

const IS_DEFAULT = 'storageclass.kubernetes.io/is-default-class'

/** The first column is the name, with a word behind that of the class that claims without a class get. */
export const storageClassColumns: readonly Column[] = [
  { ...nameColumn, cell: storageClassName },
  text('Provisioner', 'provisioner'),
  text('ReclaimPolicy', 'reclaimPolicy', 'Delete'),
  text('VolumeBindingMode', 'volumeBindingMode', 'Immediate'),
  { name: 'AllowVolumeExpansion', cell: (storageClass) => fieldAt(storageClass, 'allowVolumeExpansion') === true },
  ageColumn,
]

function storageClassName({ metadata }: ApiObject): string {
  return metadata.annotations?.[IS_DEFAULT] === 'true' ? `${metadata.name} (default)` : metadata.name
}

function phaseOf(object: ApiObject): string {
  return object.metadata.deletionTimestamp === undefined ? (stringAt(object, 'status', 'phase') ?? '') : 'Terminating'
}

function whenBound(claim: ApiObject, value: string): string {
  return stringAt(claim, 'spec', 'volumeName') ? value : ''
}

function accessModes(modes: unknown[]): string {
  return Object.keys(SHORT_MODES)
    .filter((mode) => modes.includes(mode))
    .map((mode) => SHORT_MODES[mode])
    .join(',')
}

function claimOf(volume: ApiObject): string {
  const name = stringAt(volume, 'spec', 'claimRef', 'name')
  return name === undefined ? '' : `${stringAt(volume, 'spec', 'claimRef', 'namespace') ?? ''}/${name}`
}
