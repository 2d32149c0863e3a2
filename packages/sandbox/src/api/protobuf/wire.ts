/** One field of a message as it stands on the wire: a number, or the bytes of a string or of another message. */
export interface WireField {
  readonly number: number
  readonly value: number | Buffer
}

/** Reads the varint at `offset` and tells where it ends. Negative numbers take ten bytes, as 64 bits in two's complement. */
function readVarint(bytes: Buffer, offset: number): { value: bigint; next: number } {
  let value = 0n
  for (let index = 0; index < 10; index++) {
    const byte = bytes[offset + index]
    if (byte === undefined) break
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return { value, next: offset + index + 1 }
  }
  throw new RangeError('a number of the message has no end')
}

/**
 * The fields of a protobuf message, in order (https://protobuf.dev/programming-guides/encoding).
 * @throws RangeError where the bytes are no message.
 */
export function* readFields(bytes: Buffer): Generator<WireField> {
  let offset = 0
  while (offset < bytes.length) {
    const tag = readVarint(bytes, offset)
    const field = readValue(bytes, tag.next, Number(tag.value & 7n))
    yield { number: Number(tag.value >> 3n), value: field.value }
    offset = field.next
  }
}

function readValue(bytes: Buffer, offset: number, wireType: number): { value: number | Buffer; next: number } {
  const first = readVarint(bytes, offset)
  if (wireType === 0) return { value: Number(BigInt.asIntN(64, first.value)), next: first.next }
  if (wireType !== 2) throw new RangeError(`the message has a field of wire type ${wireType}`)
  const next = first.next + Number(first.value)
  if (next > bytes.length) throw new RangeError('a field of the message is longer than the message')
  return { value: bytes.subarray(first.next, next), next }
}
