import { expect, test } from 'vitest'
import { StatusError } from '../status.ts'
import { checkName, parseObjectPath } from './path.ts'

test.each([
  ['/api/v1/namespaces', ['', 'v1', 'namespaces', '', '', '']],
  ['/api/v1/namespaces/demo', ['', 'v1', 'namespaces', '', 'demo', '']],
  ['/api/v1/namespaces/demo/status', ['', 'v1', 'namespaces', '', 'demo', 'status']],
  ['/api/v1/namespaces/demo/finalize', ['', 'v1', 'namespaces', '', 'demo', 'finalize']],
  ['/api/v1/namespaces/demo/pods', ['', 'v1', 'pods', 'demo', '', '']],
  ['/api/v1/namespaces/demo/pods/llama/log', ['', 'v1', 'pods', 'demo', 'llama', 'log']],
  ['/api/v1/namespaces//pods', ['', 'v1', 'pods', '', '', '']],
  ['/api/v1/namespaces/demo/pods/a%2flog', ['', 'v1', 'pods', 'demo', 'a', 'log']],
  ['/api/v1/namespaces/%2e%2e/pods', ['', 'v1', 'pods', '..', '', '']],
  ['/api/v1/pods/', ['', 'v1', 'pods', '', '', '']],
  ['/apis/apps/v1/namespaces/a%2Db/deployments/x/scale', ['apps', 'v1', 'deployments', 'a-b', 'x', 'scale']],
  ['/apis/storage.k8s.io/v1/storageclasses/fast', ['storage.k8s.io', 'v1', 'storageclasses', '', 'fast', '']],
])('%s names a resource', (path, [group, version, plural, namespace, name, subresource]) => {
  expect(parseObjectPath(path)).toEqual({ group, version, plural, namespace, name, subresource })
})

test.each([
  '/',
  '/api',
  '/api/v1',
  '/apis',
  '/apis/apps',
  '/apis/apps/v1',
  '/version',
  '/api/v1/pods/a/log/b',
  '/api/v1//pods',
  '//api/v1/pods',
])('%s names no resource', (path) => {
  expect(parseObjectPath(path)).toBeUndefined()
})

test.each(['/api/v1/namespaces/demo/configmaps/..', '/api/v1/namespaces/demo/configmaps/%2e%2E', '/api/v1/nodes/.'])(
  '%s names an object that cannot be',
  (path) => {
    const parsed = parseObjectPath(path)
    expect(() => parsed && checkName(parsed)).toThrow(StatusError)
  },
)

test.each(['/api/v1/pods/%', '/api/v1/pods/%zz', '/api/v1/pods/%ff'])('%s is no path', (path) => {
  expect(() => parseObjectPath(path)).toThrow(StatusError)
})
