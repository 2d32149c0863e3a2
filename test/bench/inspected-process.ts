import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A program under the inspector, so that its heap can be measured without what is only waiting to be collected. */
export interface InspectedProcess {
  /** The first line of its stdout that `isReady` accepted. */
  readonly ready: string
  readonly pid: number
  /** Bytes of live objects, and of buffers outside the heap. Collects garbage first. */
  liveBytes(): Promise<{ heap: number; buffers: number }>
  /** Ends it with SIGTERM. */
  stop(): Promise<void>
}

/** @throws when it ends before it is ready */
export async function startInspected(
  program: string,
  env: NodeJS.ProcessEnv,
  isReady: (line: string) => boolean,
): Promise<InspectedProcess> {
  const child = spawn(program, {
    env: { ...process.env, ...env, NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [ready, debuggerLine] = await Promise.all([
    waitForLine(child, child.stdout, isReady),
    waitForLine(child, child.stderr, (line) => line.startsWith('Debugger listening on ')),
  ])
  const inspector = await connect(debuggerLine.slice('Debugger listening on '.length))
  return {
    ready,
    pid: child.pid ?? 0,
    liveBytes: async () => {
      await inspector.send('HeapProfiler.collectGarbage')
      return readUsage(await inspector.send('Runtime.getHeapUsage'))
    },
    stop: async () => {
      inspector.close()
      const exited = child.exitCode === null ? once(child, 'exit') : undefined
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** Goes on reading after the line, so that the program can go on writing. */
async function waitForLine(
  child: ChildProcess,
  stream: NodeJS.ReadableStream,
  isWanted: (line: string) => boolean,
): Promise<string> {
  const found = Promise.withResolvers<string>()
  const seen: string[] = []
  createInterface({ input: stream }).on('line', (line) => {
    if (isWanted(line)) found.resolve(line)
    else if (seen.length < 20) seen.push(line)
  })
  child.once('error', found.reject)
  child.once('exit', (code) => found.reject(new Error(`it ended (${code}) before it was ready:\n${seen.join('\n')}`)))
  return found.promise
}

async function connect(url: string) {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  const waiting = new Map<number, (result: unknown) => void>()
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const message: unknown = JSON.parse(String(data))
    if (typeof message !== 'object' || message === null || !('id' in message) || typeof message.id !== 'number') return
    waiting.get(message.id)?.('result' in message ? message.result : undefined)
    waiting.delete(message.id)
  })
  return {
    send: (method: string): Promise<unknown> =>
      new Promise((resolve) => {
        last += 1
        waiting.set(last, resolve)
        socket.send(JSON.stringify({ id: last, method }))
      }),
    close: () => socket.close(),
  }
}

function readUsage(usage: unknown): { heap: number; buffers: number } {
  const numberOf = (name: string): number => {
    const value: unknown = typeof usage === 'object' && usage !== null ? Reflect.get(usage, name) : undefined
    return typeof value === 'number' ? value : 0
  }
  return { heap: numberOf('usedSize'), buffers: numberOf('backingStorageSize') }
}
