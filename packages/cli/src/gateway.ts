import { SecretText } from '@nexus/core'
import { readSandboxCredentials } from '@nexus/sandbox/state'
import { connect } from './cluster.ts'
import type { ClusterFlags } from './cluster.ts'
import { CliError } from './errors.ts'
import type { Shell } from './shell.ts'

export interface GatewayFlags extends ClusterFlags {
  readonly gatewayUrl?: string
}

/** A way to a gateway. */
export interface Gateway {
  readonly url: string
  readonly key: SecretText
  /** The project a deployment's bare name is looked up in. */
  readonly namespace: string
}

const PORT_FORWARD = 'kubectl -n nexus port-forward svc/nexus-gateway 18000:80'

/**
 * The gateway of a command: `--gateway-url` or `NEXUS_GATEWAY_URL`, with the key of `NEXUS_API_KEY`; else the gateway of
 * the sandbox that the cluster flags lead to, with the sandbox's own key.
 *
 * @throws CliError NEXUS_CLI_NO_GATEWAY
 */
export async function findGateway(flags: GatewayFlags, shell: Shell): Promise<Gateway> {
  const url = flags.gatewayUrl ?? shell.env['NEXUS_GATEWAY_URL']
  const key = shell.env['NEXUS_API_KEY']
  if (url !== undefined && key !== undefined) {
    return { url: parseUrl(url), key: new SecretText(key), namespace: await defaultNamespace(flags, shell) }
  }
  const { kube, namespace, sandbox } = await connect(flags, shell)
  await kube.close()
  const credentials = sandbox && (await readSandboxCredentials(sandbox.dir))
  if (sandbox === undefined || credentials === undefined) throw noGateway(url)
  return {
    url: url === undefined ? sandbox.gatewayUrl : parseUrl(url),
    key: key === undefined ? credentials.gatewayKey : new SecretText(key),
    namespace,
  }
}

function noGateway(url: string | undefined): CliError {
  return url === undefined
    ? new CliError('NEXUS_CLI_NO_GATEWAY', 'No gateway found for this cluster', {
        hint: `Reach it with: ${PORT_FORWARD} — then set NEXUS_GATEWAY_URL=http://127.0.0.1:18000 and NEXUS_API_KEY.`,
      })
    : new CliError('NEXUS_CLI_NO_GATEWAY', `No key for the gateway at ${url}`, {
        hint: 'Set NEXUS_API_KEY to a key of that gateway.',
      })
}

/** Where the gateway is known, a cluster only lends its default project; without a cluster it is `default`. */
async function defaultNamespace(flags: GatewayFlags, shell: Shell): Promise<string> {
  if (flags.namespace !== undefined) return flags.namespace
  try {
    const { kube, namespace } = await connect(flags, shell)
    await kube.close()
    return namespace
  } catch {
    return 'default'
  }
}

function parseUrl(text: string): string {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return text.replace(/\/+$/, '')
  throw new CliError('NEXUS_CLI_USAGE', `Not a gateway address: ${text}`, {
    hint: 'Give an http:// or https:// address, such as http://127.0.0.1:18000.',
  })
}
