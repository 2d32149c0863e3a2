import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretText } from '@nexus/core'
import { loadKubeConfig } from '@nexus/kube/node'
import { expect, test } from 'vitest'
import { renderKubeconfig } from './kubeconfig.ts'
import { SANDBOX_EXTENSION, SandboxExtension, writePrivately } from './state.ts'

test('the kubeconfig leads its reader to the API, as the administrator, and to the other servers', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nexus-kubeconfig-'))
  const path = join(dir, 'kubeconfig')
  const extension = { dir, gatewayUrl: 'http://127.0.0.1:18000', ngcUrl: 'http://127.0.0.1:18001' }
  const caPem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
  const token = new SecretText('a-token-with: yaml # in it')
  try {
    await writePrivately(path, renderKubeconfig({ server: 'https://127.0.0.1:16443', caPem, token, extension }))
    const config = await loadKubeConfig({ path, env: {} })
    expect(config).toMatchObject({ server: 'https://127.0.0.1:16443', ca: caPem, namespace: 'demo' })
    expect(config.auth.type === 'token' && config.auth.token.reveal()).toBe('a-token-with: yaml # in it')
    expect(SandboxExtension.parse(config.extensions[SANDBOX_EXTENSION])).toEqual(extension)
  } finally {
    await rm(dir, { recursive: true })
  }
})
