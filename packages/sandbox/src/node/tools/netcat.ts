import { connect } from 'node:net'
import { parseArgs } from 'node:util'

const OPTIONS = {
  zero: { type: 'boolean', short: 'z' },
  verbose: { type: 'boolean', short: 'v' },
  wait: { type: 'string', short: 'w' },
} as const

/** `nc [-z] [-v] [-w seconds] host port`: whether somebody listens, or a connection to standard input and output. */
export async function netcat(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  const [host = '', port = ''] = positionals
  const seconds = Number(values.wait ?? 0)
  const say = (message: string): void => {
    if (values.verbose === true) process.stderr.write(`${message}\n`)
  }
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), ...(seconds > 0 && { timeout: seconds * 1000 }) })
    const end = (code: number): void => {
      socket.destroy()
      resolve(code)
    }
    socket.on('connect', () => {
      say(`${host} (${host}:${port}) open`)
      if (values.zero === true) return end(0)
      process.stdin.pipe(socket).pipe(process.stdout)
    })
    socket.on('timeout', () => {
      process.stderr.write(`nc: timed out\n`)
      end(1)
    })
    socket.on('error', (error) => {
      process.stderr.write(`nc: ${host} (${host}:${port}): ${error.message}\n`)
      end(1)
    })
    socket.on('close', () => end(0))
  })
}
