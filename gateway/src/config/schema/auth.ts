import { z } from 'zod'
import { CallerLimits } from './limits.ts'

/** A namespace whose deployments a key may use; `*` stands for all of them. */
const ProjectName = z.string().regex(/^(\*|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$/, 'must be a namespace or *')

/** What a caller may do, whatever it shows. */
export const KeyPolicy = z.strictObject({
  projects: z.array(ProjectName).default([]).describe('Namespaces whose deployments this key may use; * means all.'),
  models: z.array(z.string().min(1)).optional().describe('The only models this key may ask for; all, if unset.'),
  limits: CallerLimits.prefault({}),
  team: z.string().max(64).optional().describe('Whose usage it is, in usage records.'),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  disabled: z.boolean().default(false),
})

/** A key and what it may do. */
export const ApiKey = KeyPolicy.extend({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    .optional()
    .describe('Its name in logs, metrics and usage records; a part of its digest, if unset.'),
  key: z.string().min(1).optional().describe('The key itself; better: its digest.'),
  hash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits')
    .optional(),
  shared: z.boolean().default(false).describe('Used by everyone: says nothing of who calls.'),
}).refine(({ key, hash }) => (key === undefined) !== (hash === undefined), 'must have a key or a hash, and not both')

export type ApiKey = z.infer<typeof ApiKey>

const Algorithm = z.enum(['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'])

/** JSON Web Tokens as credentials: by secret, by public key or by a key set. */
const Jwt = z
  .strictObject({
    secret: z.string().min(1).optional().describe('For the HS algorithms.'),
    publicKey: z.string().min(1).optional().describe('PEM, for the RS and ES algorithms; wins over the secret.'),
    jwksUrl: z.url({ protocol: /^https?$/ }).optional(),
    algorithms: z.array(Algorithm).min(1).default(['HS256']),
    issuer: z.string().min(1).optional(),
    audience: z.string().min(1).optional(),
    clockSkewSeconds: z.int().min(0).max(300).default(60),
    projects: z.array(ProjectName).default([]).describe('Where the token has no claim `projects`.'),
  })
  .check(({ value, issues }) => {
    const symmetric = value.algorithms.filter((algorithm) => algorithm.startsWith('HS'))
    const keyed = value.publicKey !== undefined || value.jwksUrl !== undefined
    const wrong = keyed ? symmetric : value.algorithms.filter((algorithm) => !algorithm.startsWith('HS'))
    if (!keyed && value.secret === undefined) {
      issues.push({ code: 'custom', input: value.secret, path: [], message: 'needs a secret, publicKey or jwksUrl' })
    } else if (wrong.length > 0) {
      const message = `${wrong.join(', ')} cannot be used with ${keyed ? 'a public key' : 'a secret'}`
      issues.push({ code: 'custom', input: wrong, path: ['algorithms'], message })
    }
  })

export type JwtConfig = z.infer<typeof Jwt>

/** Who may call. */
export const Auth = z.strictObject({
  keys: z.array(ApiKey).default([]),
  secret: z
    .strictObject({ name: z.string().min(1), namespace: z.string().min(1).optional() })
    .optional()
    .describe('A Kubernetes Secret that holds more keys, followed while the gateway runs.'),
  jwt: Jwt.optional(),
})
