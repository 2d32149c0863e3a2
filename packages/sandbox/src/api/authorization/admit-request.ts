import type { IncomingMessage } from 'node:http'
import { impersonationIn } from '../authentication/impersonation.ts'
import type { User } from '../authentication/user.ts'
import type { Cluster } from '../cluster.ts'
import type { Attributes } from './attributes.ts'

/**
 * The user for whom a request is answered: its sender, or whom the sender impersonates.
 * @throws StatusError 401 for an unknown token, 403 where no role allows it.
 */
export function admitRequest(
  { authenticator, authorizer }: Pick<Cluster, 'authenticator' | 'authorizer'>,
  request: IncomingMessage,
  attributes: Attributes,
): User {
  const sender = authenticator.fromHeader(request.headers.authorization)
  const impersonation = impersonationIn(request)
  for (const need of impersonation?.needs ?? []) authorizer.require(sender, need)
  const user = impersonation?.user ?? sender
  authorizer.require(user, attributes)
  return user
}
