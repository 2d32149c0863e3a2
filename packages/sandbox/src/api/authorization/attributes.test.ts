import { expect, test } from 'vitest'
import { parseObjectPath } from '../http/path.ts'
import { attributesOfObjects } from './attributes.ts'

function attributes(method: string, target: string): object {
  const [pathname = '', query] = target.split('?')
  const path = parseObjectPath(pathname)
  if (!path) throw new Error(`${pathname} names no resource`)
  return attributesOfObjects(method, path, new URLSearchParams(query))
}

test.each([
  ['GET', '/api/v1/pods', { verb: 'list', resource: 'pods', namespace: '', name: '' }],
  ['GET', '/api/v1/namespaces/a/pods/b', { verb: 'get', namespace: 'a', name: 'b' }],
  ['GET', '/api/v1/namespaces/a/pods?watch=yes', { verb: 'watch', namespace: 'a', name: '' }],
  ['GET', '/api/v1/namespaces/a/pods?watch', { verb: 'watch' }],
  ['GET', '/api/v1/namespaces/a/pods?watch=False', { verb: 'list' }],
  ['GET', '/api/v1/namespaces/a/pods?watch=0&watch=1', { verb: 'list' }],
  ['GET', '/api/v1/namespaces/a/pods/b?watch=1', { verb: 'get', name: 'b' }],
  ['GET', '/api/v1/namespaces/a/pods?watch=1', { verb: 'watch', namespace: 'a', name: '' }],
  ['GET', '/api/v1/namespaces/a/pods?watch=true&fieldSelector=metadata.name%3Db', { verb: 'watch', name: 'b' }],
  ['GET', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3D%3Db', { verb: 'list', name: 'b' }],
  ['GET', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name!%3Db', { verb: 'list', name: '' }],
  ['POST', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Db', { verb: 'create', name: '' }],
  ['POST', '/api/v1/namespaces/a/serviceaccounts/b/token', { verb: 'create', subresource: 'token', name: 'b' }],
  ['PUT', '/apis/apps/v1/namespaces/a/deployments/b/scale', { verb: 'update', group: 'apps', subresource: 'scale' }],
  ['PATCH', '/apis/apps/v1/namespaces/a/deployments/b', { verb: 'patch', group: 'apps', resource: 'deployments' }],
  ['DELETE', '/api/v1/namespaces/a/pods/b', { verb: 'delete', name: 'b' }],
  ['DELETE', '/api/v1/namespaces/a/pods', { verb: 'deletecollection', name: '' }],
  ['GET', '/api/v1/namespaces/a', { verb: 'get', resource: 'namespaces', namespace: 'a', name: 'a' }],
  ['GET', '/api/v1/namespaces', { verb: 'list', resource: 'namespaces', namespace: '', name: '' }],
])('%s %s is put to the roles as what it does', (method, target, expected) => {
  expect(attributes(method, target)).toMatchObject({ kind: 'resource', ...expected })
})
