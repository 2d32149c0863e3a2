import type { User } from '../authentication/user.ts'
import { StatusError } from '../status.ts'
import type { Attributes, ResourceAttributes } from './attributes.ts'

/** The 403 of a request that no role allows, in kube-apiserver's words. */
export function forbiddenTo({ username }: User, attributes: Attributes, reason = ''): StatusError {
  const why = reason === '' ? '' : `: ${reason}`
  const who = `User ${JSON.stringify(username)} cannot ${attributes.verb}`
  if (attributes.kind === 'path') {
    const message = `forbidden: ${who} path ${JSON.stringify(attributes.path)}${why}`
    return new StatusError(403, 'Forbidden', message, {})
  }
  const { group, resource, name } = attributes
  const message = `${quoted(attributes)} is forbidden: ${who} ${described(attributes)}${why}`
  return new StatusError(403, 'Forbidden', message, { ...(name && { name }), ...(group && { group }), kind: resource })
}

/** `deployments.apps "llama"`, and `deployments.apps` where no name is asked for. */
function quoted({ group, resource, name }: ResourceAttributes): string {
  const qualified = group ? `${resource}.${group}` : resource
  return name === '' ? qualified : `${qualified} ${JSON.stringify(name)}`
}

function described({ group, resource, subresource, namespace }: ResourceAttributes): string {
  const part = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  return `resource ${JSON.stringify(part)} in API group ${JSON.stringify(group)} ${where}`
}
