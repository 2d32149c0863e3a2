import { expect, test } from 'vitest'
import { filesEditedBySed } from './sed-files.ts'

test.each<[string[], string[]]>([
  [['s/a/b/', 'file'], []],
  [['-n', '/a/p', '/etc/hosts'], []],
  [['-i', '/a/d', '/etc/hosts'], ['/etc/hosts']],
  [
    ['-i.bak', 's/a/b/', 'one', 'two'],
    ['one', 'two'],
  ],
  [['-Ei', 's/a/b/', 'file'], ['file']],
  [['-i', '-e', '/a/d', '-es/b/c/', 'file'], ['file']],
  [['--in-place=.bak', '--expression', '/a/d', 'file'], ['file']],
  [['--in-place', '--expression=/a/d', '--', '-file'], ['-file']],
  [['-e', '/-i/d', 'file'], []],
])('sed %j edits %j', (args, files) => {
  expect(filesEditedBySed(args)).toEqual(files)
})
