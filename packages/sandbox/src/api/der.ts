/** DER, the binary form of ASN.1 (ITU-T X.690), as far as an X.509 certificate needs it. */

/** One tag-length-value. */
export function tlv(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content])
}

export function sequence(...parts: Uint8Array[]): Buffer {
  return tlv(0x30, Buffer.concat(parts))
}

export function set(...parts: Uint8Array[]): Buffer {
  return tlv(0x31, Buffer.concat(parts))
}

/** A positive INTEGER from its big-endian bytes. */
export function positiveInteger(bytes: Uint8Array): Buffer {
  const firstNonZero = bytes.findIndex((byte) => byte !== 0)
  const digits = firstNonZero === -1 ? Buffer.from([0]) : Buffer.from(bytes.subarray(firstNonZero))
  const looksNegative = (digits[0] ?? 0) >= 0x80
  return tlv(0x02, looksNegative ? Buffer.concat([Buffer.from([0]), digits]) : digits)
}

export function boolean(value: boolean): Buffer {
  return tlv(0x01, Buffer.from([value ? 0xff : 0]))
}

export function octetString(content: Uint8Array): Buffer {
  return tlv(0x04, content)
}

export function bitString(content: Uint8Array, unusedBits = 0): Buffer {
  return tlv(0x03, Buffer.concat([Buffer.from([unusedBits]), content]))
}

export function utf8String(text: string): Buffer {
  return tlv(0x0c, Buffer.from(text, 'utf8'))
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** UTCTime through 2049, GeneralizedTime after it (RFC 5280, 4.1.2.5); seconds precision, UTC. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/\.\d+Z$|[-:T]/g, '')
  return date.getUTCFullYear() < 2050
    ? tlv(0x17, Buffer.from(`${digits.slice(2)}Z`, 'ascii'))
    : tlv(0x18, Buffer.from(`${digits}Z`, 'ascii'))
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const hex = length.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

function base128(value: number): number[] {
  const digits = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) | 0x80)
  return digits
}
