import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DEPLOYMENT_NAME_MAX_LENGTH,
  DeploymentName,
  predictorName,
  ProjectName,
  suggestDeploymentName,
} from './names.ts'

describe('DeploymentName', () => {
  test.each(['llama', 'a', 'llama-3-1-8b', 'a'.repeat(53)])('accepts %s', (name) => {
    expect(DeploymentName.parse(name)).toBe(name)
  })

  test.each([
    { name: '', says: 'needs a name' },
    { name: 'a'.repeat(54), says: 'at most 53 characters' },
    { name: '8b-llama', says: 'starts with a letter' },
    { name: 'Llama', says: 'lower-case' },
    { name: 'llama-', says: 'ends with a letter or a digit' },
    { name: 'llama.3', says: 'lower-case' },
    { name: '../secrets', says: 'lower-case' },
    { name: 'nvapi-test-0123456789', says: 'looks like an NVIDIA key' },
  ])('refuses "$name" and says why', ({ name, says }) => {
    expect(
      DeploymentName.safeParse(name)
        .error?.issues.map((issue) => issue.message)
        .join(' '),
    ).toContain(says)
  })

  test('leaves room for the predictor in a DNS label', () => {
    expect(predictorName('a'.repeat(DEPLOYMENT_NAME_MAX_LENGTH))).toHaveLength(63)
  })
})

test('a project may start with a digit, a deployment may not', () => {
  expect(ProjectName.safeParse('2nd-team').success).toBe(true)
  expect(DeploymentName.safeParse('2nd-team').success).toBe(false)
})

describe('suggestDeploymentName', () => {
  test.each([
    ['Llama 3.1 (test)', 'llama-3-1-test'],
    ['8b-llama', 'b-llama'],
    ['a'.repeat(60), 'a'.repeat(53)],
    ['만', undefined],
    ['nvapi-Test_0123456789', undefined],
  ])('turns %s into %s', (wanted, suggested) => {
    expect(suggestDeploymentName(wanted)).toBe(suggested)
  })

  test('suggests only names that are valid', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (wanted) => {
        const suggested = suggestDeploymentName(wanted)
        return suggested === undefined || DeploymentName.safeParse(suggested).success
      }),
    )
  })
})
