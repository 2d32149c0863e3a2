import { startApiServer } from '../server.ts'

/**
 * A program that a test kills: serves the folder and the token it is given, and prints the port and the certificate.
 * `node writer.ts <dir> <token>`
 */
const [, , dir = '', token = ''] = process.argv
const { port, caPem } = await startApiServer({ dir, port: 0, token })
process.stdout.write(`${JSON.stringify({ port, caPem })}\n`)
