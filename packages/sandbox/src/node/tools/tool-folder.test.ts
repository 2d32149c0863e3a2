import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FOLDERS_VARIABLE, MACHINE_PATH_VARIABLE } from './shims.ts'
import { writeToolFolder } from './tool-folder.ts'

const home = realpathSync(mkdtempSync(join(tmpdir(), 'nexus-tools-')))
const tools = join(home, 'tools')
const pod = join(home, 'pod')
beforeAll(async () => {
  mkdirSync(pod)
  await writeToolFolder(tools)
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** As a container runs it: its PATH is the folder of the tools. */
function run(script: string): { status: number | null; stdout: string; stderr: string } {
  const env = {
    PATH: tools,
    [FOLDERS_VARIABLE]: [pod].join(delimiter),
    [MACHINE_PATH_VARIABLE]: process.env['PATH'],
    NODE_OPTIONS: '--conditions=@nexus/source',
  }
  return spawnSync('/bin/sh', ['-c', script], { cwd: pod, env, encoding: 'utf8' })
}

test('sed edits files of the pod, and no others', () => {
  const outside = join(home, 'settings')
  for (const file of [outside, join(pod, 'settings')]) writeFileSync(file, 'color=red\n')
  expect(run(`sed -i 's/red/blue/' settings && sed -n 's/color=//p' settings ${outside}`)).toMatchObject({
    status: 0,
    stdout: 'blue\nred\n',
  })
  expect(run(`sed -i -e /color/d ${outside}`)).toMatchObject({
    status: 1,
    stderr: `sed: '${outside}' is outside the pod's folders; the sandbox has no file system of the image\n`,
  })
  expect(readFileSync(outside, 'utf8')).toBe('color=red\n')
})

test('what is not among the tools is not found', () => {
  expect(run('tar --version')).toMatchObject({ status: 127 })
})
