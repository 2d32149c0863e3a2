import { ACCOUNT_NAME, TOKEN_SECRET } from '../authentication/token-secrets.ts'
import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, required, tooLong } from './cause.ts'
import { dataKey, faultsOf } from './names.ts'

const MAX_BYTES = 1024 * 1024
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const DOCKER_CONFIG = '.dockerconfigjson'

export function validateConfigMap(object: ApiObject): StatusCause[] {
  const data = recordOf(object['data'])
  const binary = recordOf(object['binaryData'])
  const both = Object.keys(data).filter((key) => Object.hasOwn(binary, key))
  const size = sizeOf(data, (value) => Buffer.byteLength(value)) + sizeOf(binary, decodedLength)
  return [
    ...checkMap('data', object['data']),
    ...checkMap('binaryData', object['binaryData']),
    ...Object.keys(data).flatMap((key) => checkKey('data', key)),
    ...Object.keys(binary).flatMap((key) => checkKey('binaryData', key)),
    ...both.map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    ...checkText('data', data),
    ...checkBase64('binaryData', binary),
    ...(size > MAX_BYTES ? [tooLong('[]', MAX_BYTES)] : []),
  ]
}

export function validateSecret(object: ApiObject): StatusCause[] {
  const data = recordOf(object['data'])
  return [
    ...checkMap('data', object['data']),
    ...Object.keys(data).flatMap((key) => checkKey('data', key)),
    ...checkBase64('data', data),
    ...(sizeOf(data, decodedLength) > MAX_BYTES ? [tooLong('data', MAX_BYTES)] : []),
    ...checkDockerConfig(object),
    ...checkAccount(object),
  ]
}

/** What stands in its place is not part of the message: it may be a secret. */
function checkMap(field: string, value: unknown): StatusCause[] {
  const isMap = value === undefined || value === null || isRecord(value)
  return isMap ? [] : [invalidValue(field, '<hidden>', 'must be a map of strings')]
}

function checkKey(field: string, key: string): StatusCause[] {
  const path = `${field}[${key}]`
  if (key === '.' || key === '..') return [invalidValue(path, key, `must not be '${key}'`)]
  if (key.startsWith('..')) return [invalidValue(path, key, "must not start with '..'")]
  return faultsOf(key, dataKey).map((fault) => invalidValue(path, key, fault))
}

function checkText(field: string, data: Record<string, unknown>): StatusCause[] {
  const wrong = Object.entries(data).filter(([, value]) => typeof value !== 'string')
  return wrong.map(([key, value]) => invalidValue(`${field}[${key}]`, value, 'must be a string'))
}

/** The value is not part of the message: it may be a secret that somebody forgot to encode. */
function checkBase64(field: string, data: Record<string, unknown>): StatusCause[] {
  const wrong = Object.entries(data).filter(([, value]) => typeof value !== 'string' || !BASE64.test(value))
  return wrong.map(([key]) => invalidValue(`${field}[${key}]`, '<hidden>', 'illegal base64 data'))
}

/** An image pull secret must hold JSON under its one key. Its content stays out of the message, too. */
function checkDockerConfig(object: ApiObject): StatusCause[] {
  if (object['type'] !== 'kubernetes.io/dockerconfigjson') return []
  const field = `data[${DOCKER_CONFIG}]`
  const encoded = stringAt(object, 'data', DOCKER_CONFIG)
  if (fieldAt(object, 'data', DOCKER_CONFIG) === undefined || encoded === undefined) return [required(field)]
  try {
    JSON.parse(Buffer.from(encoded, 'base64').toString())
    return []
  } catch {
    return [invalidValue(field, '<secret contents redacted>', 'is not valid JSON')]
  }
}

/** A Secret for a token says whose. */
function checkAccount({ type, metadata }: ApiObject): StatusCause[] {
  if (type !== TOKEN_SECRET || metadata.annotations?.[ACCOUNT_NAME]) return []
  return [required(`metadata.annotations[${ACCOUNT_NAME}]`)]
}

function sizeOf(data: Record<string, unknown>, length: (value: string) => number): number {
  return Object.values(data).reduce<number>((sum, value) => sum + (typeof value === 'string' ? length(value) : 0), 0)
}

function decodedLength(value: string): number {
  return Buffer.byteLength(value, 'base64')
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}
