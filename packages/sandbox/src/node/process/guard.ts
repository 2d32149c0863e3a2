/** The file descriptor of the pipe that tells a child that its agent has gone: only the agent has its other end. */
export const LIFELINE_FD = 3

/**
 * A process of the group that waits for the end of the pipe and then ends the group. The program takes the place of the
 * shell that started it: its process id, its exit code and its signals are its own.
 */
const GUARD = `(read -r _ <&${LIFELINE_FD}; kill -9 0) >/dev/null 2>&1 & exec "$@"`

/** The command for a program that does not watch the pipe by itself: it ends with its group when the agent has gone. */
export function guarded(command: readonly string[]): [program: string, ...args: string[]] {
  return ['/bin/sh', '-c', GUARD, 'sh', ...command]
}
