import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkWrites, OutsideError } from './write-guard.ts'

const home = realpathSync(mkdtempSync(join(tmpdir(), 'nexus-guard-')))
const pod = join(home, 'pod')
mkdirSync(join(pod, 'root'), { recursive: true })
mkdirSync(join(home, 'pod-of-another'))
symlinkSync(home, join(pod, 'root', 'out'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

function check(tool: string, ...args: string[]): void {
  checkWrites(tool, args, { cwd: join(pod, 'root'), folders: [pod] })
}

test.each([
  ['rm', '-rf', 'file', join(pod, 'volumes/work')],
  ['rm', '--', '-strange'],
  ['cp', '/etc/hosts', 'hosts'],
  ['chmod', '755', 'script'],
  ['chown', '-R', '1000:1000', '.'],
  ['mkdir', '-p', 'not/there/yet'],
])('%s %s %s %s writes in its pod', (tool, ...args) => {
  expect(() => check(tool, ...args.filter((arg) => arg !== undefined))).not.toThrow()
})

test.each([
  ['rm', '-rf', '/data'],
  ['rm', '-rf', '..', '../..'],
  ['rm', 'file', '../../pod-of-another'],
  ['rm', '-rf', 'out/pod-of-another'],
  ['cp', 'hosts', '/etc/hosts'],
  ['mv', '/etc/hosts', 'hosts'],
  ['rm', '--', '/data'],
  ['touch', 'out/new'],
])('%s %s %s does not write outside', (tool, ...args) => {
  expect(() => check(tool, ...args.filter((arg) => arg !== undefined))).toThrow(OutsideError)
})
