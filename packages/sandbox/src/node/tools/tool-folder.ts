import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../process/find-program.ts'
import { isShim, SHIMS } from './shims.ts'

/** Programs of this machine that scripts of containers find: they read and compute. */
const LINKED = (
  'sh basename cat cut date dirname echo env expr false getopt grep egrep head hostname id ls md5sum printf pwd readlink ' +
  'realpath seq sha256sum sleep sort stat base64 tail test [ timeout tr true uname uniq wc which awk jq openssl kubectl ' +
  'helm redis-server'
).split(' ')

/**
 * Fills `dir` with the programs that are the PATH of containers that run commands: links to harmless ones of this machine,
 * and stand-ins for those that use the network or write. A container's script that asks for another gets exit code 127.
 */
export async function writeToolFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true, mode: 0o700 })
  for (const name of LINKED) {
    const program = isShim(name) ? undefined : findProgram(name)
    if (program !== undefined) await symlink(program, join(dir, name))
  }
  for (const name of SHIMS) {
    await writeFile(join(dir, name), shim(name))
    await chmod(join(dir, name), 0o700)
  }
  const sed = findProgram('sed')
  if (sed !== undefined) await writeFile(join(dir, 'sed'), sedShim(sed), { mode: 0o700 })
}

function shim(name: string): string {
  return `#!/bin/sh\nexec ${guardCommand(name)} "$@"\n`
}

/** Scripts call sed often, and seldom to edit files: only what may be that is looked at by the guard, which takes its time. */
function sedShim(sed: string): string {
  const inPlace = ["' -i'", "' --in-place'", "' -'[nErsuz]i", "' -'[nErsuz][nErsuz]i"]
  const pattern = inPlace.map((option) => `*${option}*`).join('|')
  return `#!/bin/sh\ncase " $*" in ${pattern}) exec ${guardCommand('sed')} "$@" ;; esac\nexec ${quoted(sed)} "$@"\n`
}

function guardCommand(name: string): string {
  return `${quoted(process.execPath)} ${quoted(mainPath())} ${name}`
}

/** The same file from source and from `dist`. */
function mainPath(): string {
  const source = new URL('./main.ts', import.meta.url)
  return fileURLToPath(import.meta.url.endsWith('.ts') ? source : new URL('./main.js', import.meta.url))
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
