import { fieldAt, isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { forbidden, invalidValue, required } from './cause.ts'
import { checkName, label } from './names.ts'

/** The field that names what a volume is made from, by source. */
const SOURCE_NAMES = { persistentVolumeClaim: 'claimName', secret: 'secretName', configMap: 'name', hostPath: 'path' }

const MODE_RULE = 'must be a number between 0 and 0777 (octal), both inclusive'
const SHORTEST_TOKEN_SECONDS = 600

/** One volume of a pod. */
export function validateVolume(field: string, volume: unknown): StatusCause[] {
  const sources = isRecord(volume) ? Object.keys(volume).filter((key) => key !== 'name') : []
  return [
    ...checkName(`${field}.name`, stringAt(volume, 'name'), label),
    ...Object.entries(SOURCE_NAMES).flatMap(([source, name]) => {
      return checkSourceName(`${field}.${source}`, fieldAt(volume, source), name)
    }),
    ...['configMap', 'secret', 'downwardAPI', 'projected'].flatMap((source) => {
      return checkMode(`${field}.${source}.defaultMode`, numberAt(volume, source, 'defaultMode'))
    }),
    ...['configMap', 'secret'].flatMap((source) => checkItems(`${field}.${source}`, fieldAt(volume, source))),
    ...checkDownwardFiles(`${field}.downwardAPI`, fieldAt(volume, 'downwardAPI')),
    ...listAt(volume, 'projected', 'sources').flatMap((projection, index) => {
      return checkProjection(`${field}.projected`, index, projection)
    }),
    ...sources.slice(1).map((source) => forbidden(`${field}.${source}`, 'may not specify more than 1 volume type')),
  ]
}

function checkSourceName(field: string, source: unknown, name: string): StatusCause[] {
  return isRecord(source) && !stringAt(source, name) ? [required(`${field}.${name}`)] : []
}

function checkProjection(field: string, index: number, projection: unknown): StatusCause[] {
  const at = `${field}.sources[${index}]`
  return [
    ...['secret', 'configMap'].flatMap((source) => [
      ...checkSourceName(`${at}.${source}`, fieldAt(projection, source), 'name'),
      ...checkItems(`${at}.${source}`, fieldAt(projection, source)),
    ]),
    ...checkDownwardFiles(`${at}.downwardAPI`, fieldAt(projection, 'downwardAPI')),
    ...checkToken(`${at}.serviceAccountToken`, `${field}.path`, fieldAt(projection, 'serviceAccountToken')),
  ]
}

function checkToken(field: string, pathField: string, token: unknown): StatusCause[] {
  if (!isRecord(token)) return []
  const short = (numberAt(token, 'expirationSeconds') ?? SHORTEST_TOKEN_SECONDS) < SHORTEST_TOKEN_SECONDS
  const rule = 'may not specify a duration less than 10 minutes'
  return [
    ...(short ? [invalidValue(`${field}.expirationSeconds`, numberAt(token, 'expirationSeconds'), rule)] : []),
    ...checkPath(pathField, stringAt(token, 'path') ?? ''),
  ]
}

function checkItems(field: string, source: unknown): StatusCause[] {
  return listAt(source, 'items').flatMap((item, index) => {
    const at = `${field}.items[${index}]`
    return [
      ...(stringAt(item, 'key') ? [] : [required(`${at}.key`)]),
      ...checkPath(`${at}.path`, stringAt(item, 'path') ?? ''),
      ...checkMode(`${at}.mode`, numberAt(item, 'mode')),
    ]
  })
}

/** kube-apiserver names no index here. */
function checkDownwardFiles(field: string, source: unknown): StatusCause[] {
  return listAt(source, 'items').flatMap((file) => [
    ...checkPath(`${field}.path`, stringAt(file, 'path') ?? ''),
    ...checkMode(`${field}.mode`, numberAt(file, 'mode')),
  ])
}

/** A path of a file in the volume. Names that begin with two dots are the kubelet's own. */
function checkPath(field: string, path: string): StatusCause[] {
  if (path === '') return [required(field)]
  const climbs = path.split('/').includes('..')
  return [
    ...(path.startsWith('/') ? [invalidValue(field, path, 'must be a relative path')] : []),
    ...(climbs ? [invalidValue(field, path, "must not contain '..'")] : []),
    ...(path.startsWith('..') && !climbs ? [invalidValue(field, path, "must not start with '..'")] : []),
  ]
}

function checkMode(field: string, mode = 0): StatusCause[] {
  return mode < 0 || mode > 0o777 ? [invalidValue(field, mode, MODE_RULE)] : []
}
