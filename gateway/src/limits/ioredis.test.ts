import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const GATEWAY = new URL('../gateway.ts', import.meta.url)

test('with all of the gateway loaded, compiled code still knows the methods of strings', () => {
  const script = `
    await import(${JSON.stringify(GATEWAY.href)})
    process.stdout.write(String(%HasFastProperties(String.prototype)))
  `
  const flags = ['--allow-natives-syntax', '--conditions=@nexus/source', '--input-type=module']
  expect(execFileSync(process.execPath, [...flags, '--eval', script], { encoding: 'utf8' })).toBe('true')
})
