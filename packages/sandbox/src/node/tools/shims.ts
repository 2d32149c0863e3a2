/** Tools that use the network: they reach Services through the address map. */
const NETWORK_TOOLS = ['curl', 'wget', 'nc', 'nslookup', 'redis-cli'] as const
/** Tools that write: they do so in the folders of their pod alone. */
const WRITING_TOOLS = [
  'chgrp',
  'chmod',
  'chown',
  'cp',
  'ln',
  'mkdir',
  'mktemp',
  'mv',
  'rm',
  'rmdir',
  'tee',
  'touch',
] as const

/** The tools that this package stands in for. */
export const SHIMS: readonly string[] = [...NETWORK_TOOLS, ...WRITING_TOOLS]

export function isShim(name: string): boolean {
  return SHIMS.includes(name)
}

/** The folders in which a container's tools may write, as a list like PATH. */
export const FOLDERS_VARIABLE = 'NEXUS_POD_FOLDERS'
/** The PATH of this machine, where stand-ins find the tool that does the work. */
export const MACHINE_PATH_VARIABLE = 'NEXUS_MACHINE_PATH'
