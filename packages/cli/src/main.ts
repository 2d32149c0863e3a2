import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

// Compiled code, stripped types included, is kept between runs: it halves the time until a command begins to work.
enableCompileCache(join(process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache'), 'nexus'))

await import('./run.ts')
