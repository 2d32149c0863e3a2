import type { Program } from '../launch/programs.ts'

/** What a container of image `test-program` runs; variables of the pod choose what it does. */
const SCRIPT = `
const { createServer } = require('node:http')
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { ADMIN_PORT, CRASH_ONCE, EXIT_CODE, FETCH, HOST, PORT, PRINT, READ, STUBBORN, UNHEALTHY } = process.env
console.log('started')
if (PRINT) for (const name of PRINT.split(',')) console.log(name + '=' + process.env[name])
if (READ) console.log(readFileSync(READ, 'utf8'))
if (STUBBORN) process.on('SIGTERM', () => console.log('no'))
else process.on('SIGTERM', () => { console.log('bye'); process.exit(0) })
if (CRASH_ONCE && !existsSync(CRASH_ONCE)) { writeFileSync(CRASH_ONCE, ''); process.exit(3) }
if (EXIT_CODE) process.exit(Number(EXIT_CODE))
if (FETCH) fetch(FETCH).then((answer) => answer.text()).then(console.log, (error) => console.log(error.cause.code))
createServer((request, answer) => {
  answer.statusCode = UNHEALTHY && request.url === '/health' ? 500 : 200
  answer.end('served by ' + process.env.HOSTNAME)
}).listen(Number(PORT), HOST)
if (ADMIN_PORT) createServer((request, answer) => answer.end()).listen(Number(ADMIN_PORT), HOST)
`

/** A small program that stands for image `test-program`. It listens on port 8000 of its pod, and on `ADMIN_PORT`. */
export const testProgram: Program = {
  name: 'test-program',
  image: /^test-program$/,
  command: [process.execPath, '-e', SCRIPT],
  hostVariable: 'HOST',
  portVariable: 'PORT',
  containerPort: { variable: 'PORT', default: 8000 },
  furtherPortVariables: ['ADMIN_PORT'],
}
