import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, matchesGlob, resolve } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'

// Where there is no container engine, the steps of a Dockerfile are taken in an empty folder. What a base image holds is not
// there: its programs are this machine's.

const execute = promisify(execFile)

interface Instruction {
  readonly name: string
  readonly text: string
}

/** What a Dockerfile makes: a folder that stands for the image's file system, and how it starts. */
export interface Built {
  /** Stands for `/`. */
  readonly folder: string
  readonly base: string
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly entrypoint: readonly string[]
}

const JsonArray = z.array(z.string())

/** The instructions of a Dockerfile, continued lines joined. */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = ''] = line.split(' ', 1)
      return { name, text: line.slice(name.length).trim() }
    })
}

/**
 * Takes the steps of a Dockerfile.
 * @throws for instructions that are not known here, and where a step fails
 */
export async function build(dockerfile: string, context: string, dir: string): Promise<Built> {
  const ignored = await ignoreRules(context)
  const stages = new Map<string, Built>()
  let stage: Built | undefined
  for (const { name, text } of parseDockerfile(await readFile(dockerfile, 'utf8'))) {
    if (name === 'FROM') {
      const [base = '', , alias = String(stages.size)] = text.split(' ')
      stage = { folder: join(dir, alias), base, workdir: '/', env: {}, user: 'root', entrypoint: [] }
      await mkdir(stage.folder)
    } else if (stage === undefined) throw new Error(`${name} before FROM`)
    else stage = await step({ name, text }, stage, { context, ignored, stages })
    stages.set(basename(stage.folder), stage)
  }
  if (stage === undefined) throw new Error(`${dockerfile} has no FROM`)
  return stage
}

interface Sources {
  readonly context: string
  readonly ignored: (path: string) => boolean
  readonly stages: ReadonlyMap<string, Built>
}

async function step({ name, text }: Instruction, stage: Built, sources: Sources): Promise<Built> {
  switch (name) {
    case 'WORKDIR':
      await mkdir(inside(stage, text), { recursive: true })
      return { ...stage, workdir: resolve(stage.workdir, text) }
    case 'COPY':
      await copy(text.split(/\s+/), stage, sources)
      return stage
    case 'RUN':
      await execute('sh', ['-c', text], { cwd: inside(stage, '.'), env: { ...process.env, ...stage.env } })
      return stage
    case 'ENV':
      return { ...stage, env: { ...stage.env, ...Object.fromEntries(text.split(/\s+/).map(assignment)) } }
    case 'USER':
      return { ...stage, user: text }
    case 'ENTRYPOINT':
      return { ...stage, entrypoint: JsonArray.parse(JSON.parse(text)) }
    case 'LABEL':
    case 'EXPOSE':
      return stage
    default:
      throw new Error(`${name} is not known here`)
  }
}

function inside({ folder, workdir }: Built, path: string): string {
  return join(folder, resolve(workdir, path))
}

function assignment(text: string): [string, string] {
  return [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]
}

async function copy(words: readonly string[], stage: Built, sources: Sources): Promise<void> {
  const from = words[0]?.startsWith('--from=') ? words[0].slice('--from='.length) : undefined
  const paths = from === undefined ? words : words.slice(1)
  const source = from === undefined ? undefined : sources.stages.get(from)
  const destination = paths.at(-1) ?? ''
  for (const path of paths.slice(0, -1)) {
    const isFolderOfItself = destination.endsWith('/') || destination === '.'
    const target = inside(stage, isFolderOfItself ? join(destination, basename(path)) : destination)
    await mkdir(dirname(target), { recursive: true })
    if (source !== undefined) await cp(inside(source, path), target, { recursive: true, verbatimSymlinks: true })
    else await copyFromContext(path, target, sources)
  }
}

async function copyFromContext(path: string, target: string, { context, ignored }: Sources): Promise<void> {
  if (ignored(path)) throw new Error(`COPY ${path}: .dockerignore leaves it out`)
  const filter = (file: string): boolean => !ignored(file.slice(context.length + 1))
  await cp(join(context, path), target, { recursive: true, filter })
}

/** The last rule that matches a path or a folder above it decides. */
async function ignoreRules(context: string): Promise<(path: string) => boolean> {
  const rules = (await readFile(join(context, '.dockerignore'), 'utf8')).split('\n').filter((line) => line !== '')
  const matches = (path: string, rule: string): boolean => matchesGlob(path, rule) || matchesGlob(path, `${rule}/**`)
  return (path) => {
    const decisive = rules.findLast((rule) => matches(path, rule.replace(/^!/, '')))
    return decisive !== undefined && !decisive.startsWith('!')
  }
}

/** Makes everything below a folder readable for everybody and writable for nobody else. */
export async function readableByAll(folder: string): Promise<void> {
  await execute('chmod', ['-R', 'a+rX,go-w', folder])
  await chmod(dirname(folder), 0o755)
}

/** The files of a folder, as paths in it. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
}
