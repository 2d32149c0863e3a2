import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boundPort } from './loopback-port.ts'
import { publishService } from './publish.ts'

const servers = ['first', 'second'].map((name) => createServer((_, response) => response.end(name)))
const target = { namespace: 'demo', service: 'llama', port: 80 }

beforeAll(() =>
  Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))),
)
afterAll(() => {
  for (const server of servers) server.close()
})

function mapTo(ports: number[]): { sockets: Record<string, number[]>; names: Record<string, string[]> } {
  return { sockets: { '10.96.0.7:80': ports }, names: { 'llama.demo': ['10.96.0.7'] } }
}

test('connections go to the ready endpoints in turn', async () => {
  const publication = await publishService(() => mapTo(servers.map(boundPort)), target, 0)
  const answers: string[] = []
  for (let count = 0; count < 4; count++) {
    const response = await fetch(`http://127.0.0.1:${publication.port}/`, { headers: { connection: 'close' } })
    answers.push(await response.text())
  }
  await publication.close()
  expect(answers).toEqual(['first', 'second', 'first', 'second'])
})

test('without a ready endpoint the connection is closed', async () => {
  const publication = await publishService(() => mapTo([]), target, 0)
  await expect(fetch(`http://127.0.0.1:${publication.port}/`)).rejects.toThrow('fetch failed')
  await publication.close()
})

test('a taken port is an error', async () => {
  const publication = await publishService(() => mapTo([]), target, 0)
  await expect(publishService(() => mapTo([]), target, publication.port)).rejects.toThrow('EADDRINUSE')
  await publication.close()
})
