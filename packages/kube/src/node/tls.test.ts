import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { SecretText } from '@nexus/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KubeApiError, Kinds, refTo } from '../index.ts'
import { hasProgram } from '../testing/index.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { createNodeKubeClient } from './node-client.ts'
import { configMap, sendJson, startScriptedServer } from './testing/scripted-server.ts'
import type { ScriptedServer } from './testing/scripted-server.ts'

const OPENSSL = 'openssl'

describe.skipIf(!hasProgram(OPENSSL))('TLS', () => {
  let dir: string
  let server: ScriptedServer
  let plain: ScriptedServer

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
    plain = await startScriptedServer((_, response) => sendJson(response, configMap('x', '1')))
  })
  afterAll(async () => {
    await Promise.all([server.close(), plain.close()])
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

  async function read(access: Partial<ClusterAccess> & Pick<ClusterAccess, 'auth'>): Promise<string> {
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

  const none = { type: 'none' } as const
  test.each<{ wrong: string; access: () => Partial<ClusterAccess>; says: string }>([
    { wrong: 'an unknown authority', access: () => ({}), says: 'certificate-authority-data' },
    {
      wrong: 'a server of another name',
      access: () => ({ ca: pem('ca.crt'), tlsServerName: 'other.test' }),
      says: 'tls-server-name',
    },
    {
      wrong: 'a server without TLS',
      access: () => ({ server: plain.url.replace('http', 'https') }),
      says: 'speak TLS',
    },
    {
      wrong: 'a client certificate that is none',
      access: () => ({ auth: { type: 'client-certificate', certificate: 'no PEM', key: new SecretText('no PEM') } }),
      says: 'log in to the cluster again',
    },
    {
      wrong: 'a client certificate with the key of another',
      access: () => ({
        auth: { type: 'client-certificate', certificate: pem('client.crt'), key: new SecretText(pem('server.key')) },
      }),
      says: 'log in to the cluster again',
    },
  ])('$wrong is refused, with what to do', async ({ access, says }) => {
    const error = await read({ auth: none, ...access() }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'NEXUS_KUBE_UNREACHABLE' })
    expect(error instanceof KubeApiError ? error.hint : '').toContain(says)
  })

  test.each<{ how: string; access: () => Omit<ClusterAccess, 'server' | 'auth'> }>([
    { how: 'its authority is given', access: () => ({ ca: pem('ca.crt') }) },
    {
      how: 'its authority and another name are given',
      access: () => ({ ca: pem('ca.crt'), tlsServerName: 'api.test' }),
    },
    { how: 'verification is skipped', access: () => ({ skipTlsVerify: true }) },
  ])('a server is accepted when $how', async ({ access }) => {
    expect(await read({ ...access(), auth: none })).toBe('x')
  })
})

function isTls(socket: object): socket is TLSSocket {
  return 'getPeerCertificate' in socket
}
