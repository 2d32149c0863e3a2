import { z } from 'zod'
import { Auth } from './schema/auth.ts'
import { Discovery } from './schema/discovery.ts'
import { Limits } from './schema/limits.ts'
import { Model, checkModels } from './schema/models.ts'
import { Audit, Privacy, Shadow, Usage } from './schema/records.ts'
import { Server } from './schema/server.ts'
import { Timeouts, Upstream, UpstreamName } from './schema/upstreams.ts'

export type { ApiKey, JwtConfig } from './schema/auth.ts'
export type { Discovery } from './schema/discovery.ts'
export type { CallerLimits, LimitsConfig } from './schema/limits.ts'
export type { FallbackCause, ModelConfig, RouteConfig } from './schema/models.ts'
export type { AuditConfig, PrivacyConfig, ShadowConfig, UsageConfig } from './schema/records.ts'
export type { ServerConfig } from './schema/server.ts'
export type { StaticUpstream, TimeoutsConfig, UpstreamSettings } from './schema/upstreams.ts'

/**
 * The whole configuration of the gateway, whatever it was read from: file, environment or defaults. Its rules and
 * defaults are nowhere else; types, JSON Schema and reference are made from it.
 */
export const GatewayConfig = z
  .strictObject({
    apiVersion: z.literal('gateway.nexus.dev/v1alpha1').default('gateway.nexus.dev/v1alpha1'),
    kind: z.literal('GatewayConfig').default('GatewayConfig'),
    server: Server.prefault({}),
    auth: Auth.prefault({}),
    upstreams: z.array(Upstream).default([]).describe('The servers that answer, besides those that discovery finds.'),
    defaultUpstream: UpstreamName.optional().describe('Serves the models that nothing else serves.'),
    models: z.array(Model).default([]).describe('Routes, aliases and fallbacks of models that need any.'),
    discovery: Discovery.default({ kind: 'off' }),
    timeouts: Timeouts.prefault({}).describe('Of every upstream that states none of its own.'),
    limits: Limits.prefault({}),
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
      .prefault({}),
    shadow: Shadow.prefault({}),
    privacy: Privacy.prefault({}),
    audit: Audit.prefault({}),
    usage: Usage.prefault({}),
    accessLog: z.boolean().default(true).describe('One line for each request.'),
    logLevel: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug']).default('info'),
  })
  .check(checkModels)

/** A validated configuration. */
export type GatewayConfig = z.infer<typeof GatewayConfig>
