import { stringify } from 'yaml'
import type { SecretText } from '@nexus/core'
import { SANDBOX_EXTENSION } from './state.ts'
import type { SandboxExtension } from './state.ts'

export interface KubeconfigInput {
  readonly server: string
  readonly caPem: string
  readonly token: SecretText
  readonly extension: SandboxExtension
}

/** The kubeconfig of a sandbox, as YAML: one cluster, one user with a token, namespace `demo`. */
export function renderKubeconfig({ server, caPem, token, extension }: KubeconfigInput): string {
  const name = 'nexus-sandbox'
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: {
          server,
          'certificate-authority-data': Buffer.from(caPem).toString('base64'),
          extensions: [{ name: SANDBOX_EXTENSION, extension }],
        },
      },
    ],
    users: [{ name, user: { token: token.reveal() } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'demo' } }],
    'current-context': name,
  })
}
