import type { ConformanceCase } from '../case.ts'

export const area = 'objects'

const configMap = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})

export const cases: readonly ConformanceCase[] = [
  {
    title: 'an object is created, read, replaced and deleted',
    async run({ namespace, send }) {
      const path = `/api/v1/namespaces/${namespace}/configmaps`
      await send({ method: 'POST', path, body: configMap('one', { a: '1' }) })
      await send({ method: 'GET', path: `${path}/one` })
      await send({ method: 'PUT', path: `${path}/one`, body: configMap('one', { b: '2' }) })
      await send({ method: 'DELETE', path: `${path}/one` })
      await send({ method: 'GET', path: `${path}/one` })
    },
  },
]
