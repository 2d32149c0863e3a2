import { connect } from 'node:tls'
import type { DetailedPeerCertificate } from 'node:tls'

/** A server that accepts connections and says nothing is none. */
const HANDSHAKE_WITHIN_MS = 10_000

/**
 * The certificate at the end of the chain that `url` presents, as PEM: what a pod has to trust where nobody said. It is
 * taken at its word, which is enough on loopback.
 */
export function presentedCa(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const target = { host: hostname, port: Number(port || 443), timeout: HANDSHAKE_WITHIN_MS }
    const socket = connect({ ...target, rejectUnauthorized: false }, () => {
      const last = lastOfChain(socket.getPeerCertificate(true))
      socket.destroy()
      resolve(
        `-----BEGIN CERTIFICATE-----\n${last.raw.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
      )
    })
    socket.on('timeout', () => socket.destroy(new Error(`${url} did not answer the TLS handshake in time`)))
    socket.on('error', reject)
  })
}

function lastOfChain(certificate: DetailedPeerCertificate): DetailedPeerCertificate {
  const issuer = certificate.issuerCertificate
  // A self-signed certificate is its own issuer.
  return issuer === undefined || issuer.fingerprint256 === certificate.fingerprint256
    ? certificate
    : lastOfChain(issuer)
}
