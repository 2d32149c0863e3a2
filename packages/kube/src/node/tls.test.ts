import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { SecretText } from '@nexus/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KubeApiError, Kinds, refTo } from '../index.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { createNodeKubeClient } from './node-client.ts'
import { configMap, sendJson, startScriptedServer } from './testing/scripted-server.ts'
import type { ScriptedServer } from './testing/scripted-server.ts'

const OPENSSL = 'openssl'

function hasOpenssl(): boolean {
  try {
    execFileSync(OPENSSL, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!hasOpenssl())('TLS (skipped: needs openssl)', () => {
  let dir: string
  let server: ScriptedServer

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'nexus-tls-'))
    makeCertificates()
    const tls = {
      key: pem('server.key'),
      cert: pem('server.crt'),
      ca: pem('ca.crt'),
      requestCert: true,
      rejectUnauthorized: false,
    }
    server = await startScriptedServer((_, response) => sendJson(response, configMap('x', '1')), tls)
  })
  afterAll(async () => {
    await server.close()
    rmSync(dir, { recursive: true, force: true })
  })

  function openssl(...args: string[]): void {
    execFileSync(OPENSSL, args, { cwd: dir, stdio: 'ignore' })
  }

  function makeCertificates(): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'] as const
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca')
    for (const name of ['server', 'client']) {
      openssl(
        'req',
        '-x509',
        ...key,
        '-CA',
        'ca.crt',
        '-CAkey',
        'ca.key',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.crt`,
        '-subj',
        `/CN=${name}`,
        '-addext',
        'subjectAltName=IP:127.0.0.1,DNS:api.test',
      )
    }
  }

  function pem(name: string): string {
    return readFileSync(join(dir, name), 'utf8')
  }

  async function read(access: Omit<ClusterAccess, 'server'>): Promise<string> {
    const kube = createNodeKubeClient({ server: server.url, ...access })
    try {
      return (await kube.get(refTo(Kinds.ConfigMap, { name: 'x', namespace: 'demo' }))).metadata.name
    } finally {
      await kube.close()
    }
  }

  test('a client certificate names the user to the server', async () => {
    const peers: string[] = []
    const auth = {
      type: 'client-certificate',
      certificate: pem('client.crt'),
      key: new SecretText(pem('client.key')),
    } as const
    const kube = createNodeKubeClient({ server: server.url, ca: pem('ca.crt'), auth })
    await kube.get(refTo(Kinds.ConfigMap, { name: 'x', namespace: 'demo' }))
    for (const socket of server.connections)
      if (isTls(socket)) peers.push(String(socket.getPeerCertificate().subject.CN))
    await kube.close()
    expect(peers).toEqual(['client'])
  })

  test('a server whose authority is unknown is refused, with what to set', async () => {
    const error = await read({ auth: { type: 'none' } }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'NEXUS_KUBE_UNREACHABLE' })
    expect(error instanceof KubeApiError ? error.hint : '').toContain('certificate-authority-data')
  })

  test.each<{ how: string; access: () => Omit<ClusterAccess, 'server' | 'auth'> }>([
    { how: 'its authority is given', access: () => ({ ca: pem('ca.crt') }) },
    {
      how: 'its authority and another name are given',
      access: () => ({ ca: pem('ca.crt'), tlsServerName: 'api.test' }),
    },
    { how: 'verification is skipped', access: () => ({ skipTlsVerify: true }) },
  ])('a server is accepted when $how', async ({ access }) => {
    expect(await read({ ...access(), auth: { type: 'none' } })).toBe('x')
  })

  test('a server of another name is refused', async () => {
    await expect(read({ ca: pem('ca.crt'), tlsServerName: 'other.test', auth: { type: 'none' } })).rejects.toThrow(
      'other.test',
    )
  })
})

function isTls(socket: object): socket is TLSSocket {
  return 'getPeerCertificate' in socket
}
