// Opens many watches on one path, from a process of its own. Reads where and how many from its input, says `open` when each has
// been answered and `told` when each has received an event.
import { json } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { z } from 'zod'

/** TLS handshakes under way at once. */
const AT_ONCE = 50

const Order = z.object({ url: z.url(), token: z.string(), caPem: z.string(), path: z.string(), count: z.int() })

const { url, token, caPem, path, count } = Order.parse(await json(process.stdin))
const { hostname, port } = new URL(url)
const told: Promise<void>[] = []
while (told.length < count) {
  const opened = Array.from({ length: Math.min(AT_ONCE, count - told.length) }, openWatch)
  await Promise.all(opened.map((watch) => watch.open))
  told.push(...opened.map((watch) => watch.told))
}
process.stdout.write('open\n')
await Promise.all(told)
process.stdout.write('told\n')

function openWatch(): { open: Promise<void>; told: Promise<void> } {
  const open = Promise.withResolvers<void>()
  const told = Promise.withResolvers<void>()
  const socket = connect({ host: hostname, port: Number(port), ca: caPem })
  socket.on('error', open.reject)
  socket.on('data', (chunk: Buffer) => {
    open.resolve()
    if (chunk.includes('"type":')) told.resolve()
  })
  socket.write(`GET ${path}?watch=true HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${token}\r\n\r\n`)
  return { open: open.promise, told: told.promise }
}
