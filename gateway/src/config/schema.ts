import { z } from 'zod'
import { Auth } from './schema/auth.ts'
import { Discovery } from './schema/discovery.ts'
import { Kubernetes } from './schema/kubernetes.ts'
import { Limits } from './schema/limits.ts'
import { checkLinks } from './links.ts'
import { Model } from './schema/models.ts'
import { Audit, Privacy, Shadow, Usage } from './schema/records.ts'
import { Server } from './schema/server.ts'
import { Timeouts, Upstream, UpstreamDefaults, UpstreamName } from './schema/upstreams.ts'

export type { ApiKey, JwtConfig } from './schema/auth.ts'
export type { CallerLimits } from './schema/limits.ts'
export type { FallbackCause, ModelConfig, RouteConfig } from './schema/models.ts'
export type { PrivacyConfig, UsageConfig } from './schema/records.ts'
export type { ServerConfig } from './schema/server.ts'
export type { StaticUpstream, TimeoutsConfig, UpstreamSettings } from './schema/upstreams.ts'

/**
 * The whole configuration of the gateway, whatever it was read from: file, environment or defaults. Its rules and
 * defaults are nowhere else; types, JSON Schema and reference are made from it.
 */
export const GatewayConfig = z
  .strictObject({
    $schema: z.string().optional().describe('The JSON Schema, for editors; of no effect.'),
    apiVersion: z
      .literal('gateway.nexus.dev/v1alpha1')
      .default('gateway.nexus.dev/v1alpha1')
      .describe('The form of this file.'),
    kind: z.literal('GatewayConfig').default('GatewayConfig').describe('What this file is.'),
    server: Server.prefault({}).describe('Where the gateway listens and what it accepts there.'),
    auth: Auth.prefault({}).describe('Who may call.'),
    upstreams: z.array(Upstream).default([]).describe('The servers that answer, besides those that discovery finds.'),
    defaultUpstream: UpstreamName.optional().describe('Serves the models that nothing else serves.'),
    models: z.array(Model).default([]).describe('Routes, aliases and fallbacks of models that need any.'),
    discovery: Discovery.default({ kind: 'off' }).describe('Where deployments are found by watching.'),
    kubernetes: Kubernetes.prefault({}).describe('How the API of the cluster is reached.'),
    timeouts: Timeouts.prefault({}).describe('Of every upstream that states none of its own.'),
    upstreamDefaults: UpstreamDefaults.prefault({}).describe(
      'What holds for every upstream that does not say otherwise, and for every deployment that discovery finds.',
    ),
    limits: Limits.prefault({}).describe('What callers may use, and how replicas share it.'),
    retries: z
      .strictObject({
        maxAttempts: z
          .int()
          .min(1)
          .max(5)
          .default(2)
          .describe('Calls to upstreams for one request, fallbacks not counted.'),
        budgetPercent: z
          .int()
          .min(0)
          .max(100)
          .default(10)
          .describe('Retries in percent of the requests of the last 10 s.'),
        backoffMs: z
          .tuple([z.int().min(0), z.int().min(0)])
          .default([50, 1000])
          .describe('First and longest wait.'),
      })
      .prefault({})
      .describe('Second calls to upstreams, always before the first byte of an answer.'),
    shadow: Shadow.prefault({}).describe('Copies of requests to another upstream, whose answers nobody sees.'),
    privacy: Privacy.prefault({}).describe('What logs may say of people.'),
    audit: Audit.prefault({}).describe('One line for every decision about a credential.'),
    usage: Usage.prefault({}).describe('One record for every request that was answered.'),
    accessLog: z.boolean().default(true).describe('One line for each request.'),
    logLevel: z
      .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug'])
      .default('info')
      .describe('The least important lines that are logged.'),
  })
  .check(checkLinks)

/** A validated configuration. */
export type GatewayConfig = z.infer<typeof GatewayConfig>
