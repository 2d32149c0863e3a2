import { z } from 'zod'
import { GatewayConfig } from './schema.ts'

/** A part of the JSON Schema. */
export type SchemaNode = z.core.JSONSchema.BaseSchema

/** What the gateway fills in by itself where a file does not say it. */
const DERIVED = new Set(['apiUrl', 'serviceAccountDir'])

/** The JSON Schema of a configuration file, for editors and for the reference. */
export function configJsonSchema(): SchemaNode {
  return z.toJSONSchema(GatewayConfig, {
    io: 'input',
    override: ({ jsonSchema }) => {
      if (isEmpty(jsonSchema.default)) delete jsonSchema.default
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      const required = jsonSchema.required?.filter((field) => !DERIVED.has(field))
      if (required?.length === 0) delete jsonSchema.required
      else if (required !== undefined) jsonSchema.required = required
    },
  })
}

/** The JSON Schema as the text of its file. */
export function renderJsonSchema(): string {
  return `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}
