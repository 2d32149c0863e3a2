import { once } from 'node:events'
import { createServer, connect } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createSelfSignedCertificate } from './tls.ts'

const request = { names: ['localhost', 'kubernetes.default.svc'], addresses: ['127.0.0.1', '::1'], days: 365 }

test('the certificate names its hosts, is a CA and verifies with its own key', () => {
  const now = new Date('2026-03-01T12:00:00Z')
  const certificate = new X509Certificate(createSelfSignedCertificate({ ...request, now }).certPem)
  expect(certificate.subjectAltName).toBe(
    'DNS:localhost, DNS:kubernetes.default.svc, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  )
  expect(certificate.ca).toBe(true)
  expect(certificate.subject).toBe('CN=localhost')
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.validFromDate).toEqual(new Date('2026-03-01T11:55:00Z'))
  expect(certificate.validToDate).toEqual(new Date('2027-03-01T12:00:00Z'))
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
})

test.each([
  { end: '2049-12-31T23:59:59Z', form: 'UTCTime' },
  { end: '2050-01-01T00:00:00Z', form: 'GeneralizedTime' },
  { end: '2075-06-01T00:00:00Z', form: 'GeneralizedTime' },
])('a validity that ends at $end is written as $form', ({ end, form }) => {
  const now = new Date(new Date(end).getTime() - 86_400_000)
  const certificate = new X509Certificate(createSelfSignedCertificate({ ...request, days: 1, now }).certPem)
  expect(certificate.validToDate).toEqual(new Date(end))
  const generalized = Buffer.from(`${end.replaceAll(/[-:T]/g, '').slice(0, 14)}Z`)
  expect(certificate.raw.includes(generalized)).toBe(form === 'GeneralizedTime')
})

test('every certificate has another positive serial number', () => {
  const serials = Array.from({ length: 20 }, () => new X509Certificate(createSelfSignedCertificate(request).certPem))
  expect(new Set(serials.map((each) => each.serialNumber)).size).toBe(20)
  for (const each of serials) expect(each.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/)
})

test('a name that is not an address is refused', () => {
  expect(() => createSelfSignedCertificate({ ...request, addresses: ['localhost'] })).toThrow('not an IP address')
})

test('a TLS client with the certificate as its CA connects by name and by address, and no other client does', async () => {
  const { certPem, keyPem } = createSelfSignedCertificate(request)
  const server = createServer({ cert: certPem, key: keyPem }, (socket) => socket.end('hello'))
  server.on('tlsClientError', () => undefined) // the client that must fail
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = addressOf(server.address())
  try {
    expect(await greet({ port, ca: certPem, servername: 'kubernetes.default.svc' })).toBe('hello')
    expect(await greet({ port, ca: certPem, servername: '' })).toBe('hello')
    await expect(greet({ port, ca: certPem, servername: 'example.org' })).rejects.toThrow('altnames')
    const other = createSelfSignedCertificate(request).certPem
    await expect(greet({ port, ca: other, servername: 'localhost' })).rejects.toThrow(/self-signed|signature/)
  } finally {
    server.close()
  }
})

async function greet(options: { port: number; ca: string; servername: string }): Promise<string> {
  const socket = connect({ host: '127.0.0.1', ...options })
  const chunks: Buffer[] = []
  for await (const chunk of socket) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address
}
