import { route } from '../network/address-map.ts'
import type { AddressMap } from '../network/address-map.ts'

const DEFAULT_PORT = 6379

/** The arguments of redis-cli with host and port replaced by the loopback port that stands for them, if one does. */
export function redisCliArguments(
  args: readonly string[],
  map: AddressMap,
  pod: { namespace: string; podIP?: string | undefined },
): string[] {
  const host = valueOf(args, '-h') ?? '127.0.0.1'
  const port = Number(valueOf(args, '-p') ?? DEFAULT_PORT)
  const answer = route(map, { host, port }, pod.namespace, pod.podIP)
  const [loopbackPort] = answer.type === 'sockets' ? answer.ports : []
  if (loopbackPort === undefined) return [...args]
  const others = args.filter((_, index) => !isTarget(args[index]) && !isTarget(args[index - 1]))
  return ['-h', '127.0.0.1', '-p', String(loopbackPort), ...others]
}

function isTarget(arg: string | undefined): boolean {
  return arg === '-h' || arg === '-p'
}

function valueOf(args: readonly string[], flag: string): string | undefined {
  return args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined
}
