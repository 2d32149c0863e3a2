import { Socket } from 'node:net'

/** As if killed: 128 + SIGKILL. */
const EXIT_CODE = 137

/**
 * Ends this process when the other end of the pipe `fd` closes, which is when the agent that started it has gone,
 * however it went. The pipe does not keep the process alive.
 */
export function watchLifeline(fd: number): void {
  const leave = (): never => process.exit(EXIT_CODE)
  const pipe = new Socket({ fd, readable: true, writable: false })
  pipe.on('end', leave).on('error', leave).on('close', leave)
  pipe.resume()
  pipe.unref()
}
