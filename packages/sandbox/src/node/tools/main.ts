// The tools of containers that run commands: `main.ts <tool> <arguments>`. It runs with the preload of the container.

import { lookup } from 'node:dns/promises'
import { delimiter } from 'node:path'
import { addressMapReader } from '../network/map-file.ts'
import { MAP_VARIABLE, NAMESPACE_VARIABLE, POD_IP_VARIABLE } from '../network/preload-variables.ts'
import { connectToArguments } from './connect-to.ts'
import { netcat } from './netcat.ts'
import { redisCliArguments } from './redis-cli.ts'
import { runProgram } from './run-program.ts'
import { FOLDERS_VARIABLE, MACHINE_PATH_VARIABLE } from './shims.ts'
import { wget } from './wget.ts'
import { checkWrites } from './write-guard.ts'

const {
  [MAP_VARIABLE]: mapPath = '',
  [NAMESPACE_VARIABLE]: namespace = 'default',
  [POD_IP_VARIABLE]: podIP,
} = process.env
const pod = { namespace, podIP }
const readMap = addressMapReader(mapPath)
const machinePath = process.env[MACHINE_PATH_VARIABLE] ?? ''

async function run(tool: string, args: readonly string[]): Promise<number> {
  switch (tool) {
    case 'curl':
      return runProgram('curl', [...connectToArguments(args, readMap(), pod), ...args], machinePath)
    case 'redis-cli':
      return runProgram('redis-cli', redisCliArguments(args, readMap(), pod), machinePath)
    case 'wget':
      return wget(args)
    case 'nc':
      return netcat(args)
    case 'nslookup':
      return nslookup(args.find((arg) => !arg.startsWith('-')) ?? '')
    default:
      return write(tool, args)
  }
}

async function nslookup(name: string): Promise<number> {
  try {
    const { address } = await lookup(name)
    process.stdout.write(`Name:\t${name}\nAddress: ${address}\n`)
    return 0
  } catch {
    process.stdout.write(`** server can't find ${name}: NXDOMAIN\n`)
    return 1
  }
}

function write(tool: string, args: readonly string[]): number {
  checkWrites(tool, args, { cwd: process.cwd(), folders: (process.env[FOLDERS_VARIABLE] ?? '').split(delimiter) })
  // Every file here belongs to the user who runs the sandbox, and stays theirs.
  return tool === 'chown' || tool === 'chgrp' ? 0 : runProgram(tool, args, machinePath)
}

const [, , tool = '', ...args] = process.argv
try {
  process.exitCode = await run(tool, args)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
