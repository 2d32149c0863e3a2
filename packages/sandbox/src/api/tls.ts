import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import {
  bitString,
  boolean,
  objectIdentifier,
  octetString,
  positiveInteger,
  sequence,
  set,
  time,
  tlv,
  utf8String,
} from './der.ts'

export interface CertificateRequest {
  /** DNS names the certificate is valid for; the first is also its common name. */
  names: string[]
  /** IP addresses (v4 or v6) the certificate is valid for. */
  addresses: string[]
  /** How long it is valid, in days. */
  days: number
  /** The moment it is made; default: now. */
  now?: Date
}

export interface Certificate {
  certPem: string
  /** PKCS #8. */
  keyPem: string
}

const DAY_MS = 86_400_000
/** A certificate that starts a little in the past is also valid for a client whose clock is behind. */
const CLOCK_SKEW_MS = 5 * 60_000

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
const SERVER_AUTH = objectIdentifier('1.3.6.1.5.5.7.3.1')

/**
 * A self-signed X.509 v3 certificate (EC P-256) that is its own CA: a client trusts the server by having exactly this
 * certificate as its CA file, and nothing else.
 *
 * @throws {TypeError} when an address is not an IP address.
 */
export function createSelfSignedCertificate(request: CertificateRequest): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const tbs = tbsCertificate(request, publicKey.export({ type: 'spki', format: 'der' }))
  const certificate = sequence(tbs, ECDSA_WITH_SHA256, bitString(sign('sha256', tbs, privateKey)))
  return {
    certPem: pem('CERTIFICATE', certificate),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
}

/** The part of the certificate that is signed (RFC 5280, 4.1.2). */
function tbsCertificate({ names, addresses, days, now = new Date() }: CertificateRequest, publicKey: Buffer): Buffer {
  const subject = distinguishedName(names[0] ?? 'localhost')
  const notBefore = now.getTime() - CLOCK_SKEW_MS
  return sequence(
    tlv(0xa0, positiveInteger(Buffer.from([2]))), // version 3
    positiveInteger(serialNumber()),
    ECDSA_WITH_SHA256,
    subject, // the issuer: itself
    sequence(time(new Date(notBefore)), time(new Date(now.getTime() + days * DAY_MS))),
    subject,
    publicKey,
    tlv(0xa3, extensions(names, addresses, publicKey)),
  )
}

/** 127 random bits with the highest set, so that it is positive and of constant length. */
function serialNumber(): Buffer {
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  return serial
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))))
}

function extensions(names: string[], addresses: string[], publicKey: Buffer): Buffer {
  const keyId = createHash('sha1').update(publicKey).digest()
  const alternatives = [
    ...names.map((name) => tlv(0x82, Buffer.from(name, 'ascii'))),
    ...addresses.map((address) => tlv(0x87, addressBytes(address))),
  ]
  return sequence(
    extension('2.5.29.19', true, sequence(boolean(true))), // basicConstraints: CA
    extension('2.5.29.15', true, bitString(Buffer.from([0b1000_0100]), 2)), // keyUsage: digitalSignature, keyCertSign
    extension('2.5.29.37', false, sequence(SERVER_AUTH)), // extendedKeyUsage
    extension('2.5.29.14', false, octetString(keyId)), // subjectKeyIdentifier: strict verifiers ask for it
    extension('2.5.29.17', false, sequence(...alternatives)), // subjectAltName
  )
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value))
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  if (isIPv6(address)) return ipv6Bytes(address)
  throw new TypeError(`'${address}' is not an IP address`)
}

function ipv6Bytes(address: string): Buffer {
  // URL writes any IPv6 address in the short form of RFC 5952, without an embedded IPv4 part.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [left = '', right = ''] = short.split('::')
  const head = left === '' ? [] : left.split(':')
  const tail = right === '' ? [] : right.split(':')
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
