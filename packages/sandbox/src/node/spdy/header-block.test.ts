import { constants, createDeflate } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DICTIONARY_ID, HEADER_DICTIONARY } from './dictionary.ts'
import { HeaderReader, HeaderWriter } from './header-block.ts'

const blocks = Array.from(
  { length: 200 },
  (_, index) =>
    new Map([
      ['streamtype', index % 2 === 0 ? 'error' : 'data'],
      ['port', '8000'],
      ['requestid', String(index)],
    ]),
)

/** A compressor as clients have it: with the dictionary, and each block flushed. */
function compressor(): (block: Buffer) => Promise<Buffer> {
  const deflate = createDeflate({ dictionary: HEADER_DICTIONARY, flush: constants.Z_SYNC_FLUSH })
  return (block) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = []
      deflate.on('data', (chunk: Buffer) => chunks.push(chunk))
      deflate.write(block, () => {
        deflate.removeAllListeners('data')
        resolve(Buffer.concat(chunks))
      })
    })
}

/** The pairs of a block without compression, which are what a writer puts behind its own head. */
function plain(headers: ReadonlyMap<string, string>): Buffer {
  const written = new HeaderWriter()
  written.write(new Map())
  return written.write(headers).subarray(5, -5)
}

test('the dictionary is the one that clients compress against', () => {
  let [a, b] = [1, 0]
  for (const byte of HEADER_DICTIONARY) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  expect(b * 65_536 + a).toBe(DICTIONARY_ID)
})

describe('header blocks', () => {
  test('are read in their order, as each is compressed against those before', async () => {
    const compress = compressor()
    const reader = new HeaderReader()
    for (const headers of blocks) expect(await reader.read(await compress(plain(headers)))).toEqual(headers)
    reader.close()
  })

  test('are written so that every reader of zlib understands them', async () => {
    const writer = new HeaderWriter()
    const reader = new HeaderReader()
    for (const headers of [new Map(), ...blocks]) expect(await reader.read(writer.write(headers))).toEqual(headers)
    reader.close()
  })

  test.each([
    ['bytes that are not compressed', Buffer.from('streamtype: data')],
    ['an end in the middle of a pair', Buffer.from([0, 0, 0, 1, 0, 0, 0, 9, 1])],
    ['a length beyond the block', Buffer.from([0, 0, 0, 1, 255, 255, 255, 255])],
  ])('are refused: %s', async (name, bytes) => {
    const reader = new HeaderReader()
    const block = name.startsWith('bytes') ? bytes : await compressor()(bytes)
    await expect(reader.read(block)).rejects.toThrow()
    reader.close()
  })

  test('are refused when a few bytes stand for a great many', async () => {
    const reader = new HeaderReader()
    const bomb = await compressor()(Buffer.alloc(10 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(16 * 1024)
    await expect(reader.read(bomb)).rejects.toThrow('too long')
    reader.close()
  })
})
