import { findProgram } from '../process/find-program.ts'

/**
 * An image of tools: its containers run their own command, by programs of this machine. Only those in `tools/` are found,
 * whatever else the machine has.
 */
export interface ToolImage {
  readonly name: string
  readonly image: RegExp
  /** What the image runs where the container does not say. */
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  /** A server that the image may run. */
  readonly server?: ToolServer | undefined
}

/** A server that is told by arguments where to listen. */
export interface ToolServer {
  readonly program: string
  /** The argument before the port that the container listens on, and the port without it. */
  readonly port: { readonly flag: string; readonly default: number }
  /** The arguments, after the container's own, by which it listens on a loopback port. */
  readonly bind: (port: number) => readonly string[]
}

/** The images of tools that this machine can run commands of. */
export function toolImages(): ToolImage[] {
  return [
    { name: 'tools', image: imageNamed('busybox|alpine'), entrypoint: [], cmd: ['sh'] },
    ...withProgram('curl', { name: 'curl', image: imageNamed('curl'), entrypoint: ['curl'], cmd: ['--help'] }),
    ...withProgram('kubectl', { name: 'kubectl', image: imageNamed('kubectl'), entrypoint: ['kubectl'], cmd: [] }),
    ...withProgram('redis-server', {
      name: 'redis',
      image: imageNamed('redis'),
      entrypoint: [],
      cmd: ['redis-server'],
      server: {
        program: 'redis-server',
        port: { flag: '--port', default: 6379 },
        bind: (port) => ['--bind', '127.0.0.1', '--port', String(port), '--daemonize', 'no'],
      },
    }),
  ]
}

/** The last part of an image's name, without its tag. */
function imageNamed(names: string): RegExp {
  return new RegExp(`^(?:[^@]*/)?(?:${names})(?:[:@]|$)`)
}

function withProgram(program: string, image: ToolImage): ToolImage[] {
  return findProgram(program) === undefined ? [] : [image]
}
