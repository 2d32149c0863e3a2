import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import { partsProblem } from './address.ts'
import { CallerLimits } from './limits.ts'

/** A namespace whose deployments a key may use; `*` stands for all of them. */
const ProjectName = z.string().regex(/^(\*|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$/, 'must be a namespace or *')

/** What a caller may do, whatever it shows. */
export const KeyPolicy = z.strictObject({
  projects: z.array(ProjectName).default([]).describe('Namespaces whose deployments this key may use; `*` means all.'),
  models: z.array(z.string().min(1)).optional().describe('The only models this key may ask for; all, if unset.'),
  limits: CallerLimits.prefault({}).describe('What it may use: absent: `limits.default`; null: no limit; 0: nothing.'),
  team: z.string().max(64).optional().describe('Whose usage it is, in usage records.'),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-31T12:00:00Z' })
    .optional()
    .describe('When it ends, as 2027-01-31T12:00:00Z.'),
  disabled: z.boolean().default(false).describe('Refuses the key without forgetting it.'),
})

/** A key and what it may do. */
export const ApiKey = z
  .strictObject({
    id: z
      .string()
      .regex(/^(?!jwt-)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be letters, digits and . _ -, not jwt- at first')
      .optional()
      .describe('Its name in logs, metrics and usage records; a part of its digest, if unset.'),
    key: z.string().min(1).optional().describe('The key itself; better: its digest.'),
    hash: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits')
      .optional()
      .describe('The digest of the key: sha256: and 64 hexadecimal digits.'),
    shared: z.boolean().default(false).describe('Used by everyone: says nothing of who calls.'),
    ...KeyPolicy.shape,
  })
  .refine(({ key, hash }) => (key === undefined) !== (hash === undefined), 'must have a key or a hash, and not both')

export type ApiKey = z.infer<typeof ApiKey>

const Algorithm = z.enum(['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'])

/** JSON Web Tokens as credentials: by secret, by public key or by a key set. */
const Jwt = z
  .strictObject({
    secret: z.string().min(1).optional().describe('For the HS algorithms.'),
    publicKey: z
      .string()
      .refine(isPublicKey, 'must be a public key as PEM (BEGIN PUBLIC KEY)')
      .optional()
      .describe('PEM, for the RS and ES algorithms; wins over the secret.'),
    jwksUrl: z
      .string()
      .refine(isPlainUrl, 'must be http:// or https://, without password or query')
      .optional()
      .describe('Where the key set of the issuer is, for the RS and ES algorithms.'),
    algorithms: z
      .array(Algorithm)
      .min(1)
      .default(['HS256'])
      .describe('The only ones accepted. With a public key or key set: what the key is made for, if unset.'),
    issuer: z.string().min(1).optional().describe('What `iss` must be; anything, if unset.'),
    audience: z.string().min(1).optional().describe('What `aud` must be or hold; anything, if unset.'),
    clockSkewSeconds: z.int().min(0).max(300).default(60).describe('How far clocks may be apart.'),
    projects: z.array(ProjectName).default([]).describe('Where the token has no claim `projects`.'),
  })
  .check(({ value, issues }) => {
    for (const [path, message] of jwtProblems(value)) issues.push({ code: 'custom', input: undefined, path, message })
  })

export type JwtConfig = z.infer<typeof Jwt>

interface JwtKeys {
  readonly secret?: string | undefined
  readonly publicKey?: string | undefined
  readonly jwksUrl?: string | undefined
  readonly algorithms: readonly string[]
}

/** An algorithm that does not fit the key would refuse every token, or, worse, take a public key for a secret. */
function jwtProblems({ secret, publicKey, jwksUrl, algorithms }: JwtKeys): [path: string[], message: string][] {
  const isPublic = publicKey !== undefined || jwksUrl !== undefined
  if (!isPublic && secret === undefined) return [[[], 'needs a secret, publicKey or jwksUrl']]
  const wrong = algorithms.filter((algorithm) => algorithm.startsWith('HS') === isPublic)
  if (wrong.length === 0) return []
  return [[['algorithms'], `${wrong.join(', ')} cannot be used with ${isPublic ? 'a public key' : 'a secret'}`]]
}

function isPublicKey(pem: string): boolean {
  try {
    return pem.includes('BEGIN PUBLIC KEY') && createPublicKey(pem).type === 'public'
  } catch {
    return false
  }
}

function isPlainUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && partsProblem(url) === undefined
}

/** Who may call. */
export const Auth = z.strictObject({
  keys: z.array(ApiKey).default([]).describe('The keys that are accepted.'),
  secret: z
    .strictObject({
      name: z.string().min(1).describe('Its name.'),
      namespace: z.string().min(1).optional().describe('Its namespace; that of the gateway, if unset.'),
    })
    .optional()
    .describe('A Kubernetes Secret that holds more keys, followed while the gateway runs.'),
  jwt: Jwt.optional().describe('JSON Web Tokens as credentials, beside the keys.'),
})
