import { Socket } from 'node:net'
import { route } from './address-map.ts'
import type { AddressMap, RouteAnswer } from './address-map.ts'

/** The cluster network as one program sees it. */
export interface ClusterNetwork {
  readonly readMap: () => AddressMap
  /** Where short Service names are looked up. */
  readonly namespace: string
  /** The pod's own address, whose ports stand behind `localhost`. */
  readonly podIP?: string | undefined
}

interface Target {
  readonly host: string
  readonly port: number
}

/**
 * Sends each new connection of this process through the address map. Everything that connects in Node ends in
 * `net.Socket.prototype.connect`: `http`, `https`, `tls`, undici and `fetch`. TLS names and `Host` headers are made of the
 * original host before this point and stay as they are.
 */
export function patchConnect({ readMap, namespace, podIP }: ClusterNetwork): void {
  const connect: unknown = Reflect.get(Socket.prototype, 'connect')
  if (typeof connect !== 'function') return
  let turn = Math.floor(Math.random() * 1024)

  function connectThroughMap(this: Socket, ...args: unknown[]): unknown {
    const target = targetOf(args)
    const answer = target === undefined ? { type: 'outside' as const } : route(readMap(), target, namespace, podIP)
    if (target === undefined || answer.type === 'outside') return Reflect.apply(asFunction(connect), this, args)
    if (answer.type === 'sockets') {
      const port = answer.ports[turn++ % answer.ports.length]
      return Reflect.apply(asFunction(connect), this, [...redirected(args, port)])
    }
    // After this call has returned, as a real connection fails: the caller's listeners are in place by then.
    process.nextTick(() => this.destroy(failure(answer, target)))
    return this
  }
  Reflect.set(Socket.prototype, 'connect', connectThroughMap)
}

/** The target of any form of `socket.connect`: (options, cb), (port, host, cb), or Node's own `[options, cb]`. */
function targetOf([first, second]: readonly unknown[]): Target | undefined {
  if (Array.isArray(first)) return targetOf(first)
  if (typeof first === 'object' && first !== null) {
    const port = Number(Reflect.get(first, 'port'))
    const host: unknown = Reflect.get(first, 'host')
    return typeof host === 'string' && Number.isInteger(port) && port > 0 ? { host, port } : undefined
  }
  const port = Number(first)
  return typeof second === 'string' && Number.isInteger(port) && port > 0 ? { host: second, port } : undefined
}

/** The same call to a loopback port. */
function redirected(args: readonly unknown[], port: number | undefined): readonly unknown[] {
  const [first] = args
  if (Array.isArray(first)) return redirected(first, port)
  const callback = args.findLast((argument) => typeof argument === 'function')
  const options = typeof first === 'object' && first !== null ? first : {}
  const target = { ...options, host: '127.0.0.1', port, lookup: undefined, localAddress: undefined, family: 4 }
  return callback === undefined ? [target] : [target, callback]
}

function failure(answer: Exclude<RouteAnswer, { type: 'outside' | 'sockets' }>, { host, port }: Target): Error {
  if (answer.type === 'unknown') return unknownName(host)
  const { address } = answer
  const error = new Error(`connect ECONNREFUSED ${address}:${port}`)
  return Object.assign(error, { code: 'ECONNREFUSED', errno: -111, syscall: 'connect', address, port })
}

/** What a resolver answers for a name that nothing has. */
export function unknownName(host: string): Error {
  const error = new Error(`getaddrinfo ENOTFOUND ${host}`)
  return Object.assign(error, { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo', hostname: host })
}

// oxlint-disable-next-line typescript/no-unsafe-function-type -- Reflect.apply takes any function, and this one is Node's
function asFunction(value: unknown): Function {
  if (typeof value !== 'function') throw new TypeError('net.Socket.prototype.connect is not a function')
  return value
}
