import { expect, test } from 'vitest'
import { problemsOf, writeConfig } from './testing.ts'

test.each([
  ['server: { port: 70000 }', 'must be at most 65535'],
  ['server: { port: "8000" }', 'must be a number, not a text'],
  ['server: { port: 80.5 }', 'must be a whole number, not a number'],
  ['server: { host: [] }', 'must be a text, not a list'],
  ['upstreams: [{ url: "http://h" }]', 'is missing'],
  ['retries: { maxAttempts: 0 }', 'must be at least 1'],
  ['models: [{ id: "", route: { strategy: direct, target: a } }]', 'must not be empty'],
  ['limits: { redis: { url: "redis://r", onFailure: panic } }', 'must be one of local, open, closed'],
  ['kind: Gateway', 'must be GatewayConfig'],
])('says of %s what is wrong in plain words', (text, words) => {
  const problems = problemsOf({ GATEWAY_CONFIG_FILE: writeConfig(text) })
  expect(problems).toContainEqual(expect.stringMatching(new RegExp(`: ${words}$`)))
})
