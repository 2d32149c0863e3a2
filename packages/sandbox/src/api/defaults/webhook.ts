import type { ApiObject } from '../object.ts'
import { isRecord, listAt } from '../objects/fields.ts'

const SECONDS = 10

export function defaultWebhooks(object: ApiObject, what: 'mutating' | 'validating'): void {
  for (const webhook of listAt(object, 'webhooks')) {
    if (!isRecord(webhook)) continue
    webhook['failurePolicy'] ??= 'Fail'
    webhook['matchPolicy'] ??= 'Equivalent'
    webhook['namespaceSelector'] ??= {}
    webhook['objectSelector'] ??= {}
    webhook['timeoutSeconds'] ??= SECONDS
    if (what === 'mutating') webhook['reinvocationPolicy'] ??= 'Never'
    for (const rule of listAt(webhook, 'rules')) if (isRecord(rule)) rule['scope'] ??= '*'
    const service = isRecord(webhook['clientConfig']) ? webhook['clientConfig']['service'] : undefined
    if (isRecord(service)) service['port'] ??= 443
  }
}
