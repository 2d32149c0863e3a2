import type { Resource } from './resources/resource.ts'

/** The index of the OpenAPI v3 documents. */
export function openApiV3Index(_resources: readonly Resource[]): object {
  return { paths: {} }
}

/** One OpenAPI v3 document. */
export function openApiV3Document(_groupVersion: string, _resources: readonly Resource[]): object {
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'v1.34.0' }, paths: {} }
}

/** The OpenAPI v2 document. */
export function openApiV2(_resources: readonly Resource[]): object {
  return { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.34.0' }, paths: {}, definitions: {} }
}
