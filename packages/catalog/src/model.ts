import { z } from 'zod'

/** A path component of an OCI image reference, or several of them (distribution spec, "name"). */
const imagePath = /^[a-z0-9]+(?:[-._/]+[a-z0-9]+)*$/
/** A tag of an OCI image reference. `latest`, `1.8.0-RTX` and two-part tags are as good as any. */
const imageTag = /^[A-Za-z0-9_][-._A-Za-z0-9]{0,127}$/

/** One entry of the catalog, as each value of the ConfigMap holds it. Fields it does not know are dropped. */
export const CatalogModel = z
  .object({
    name: z
      .string()
      .max(128)
      .regex(imagePath)
      .refine((name) => !name.includes('/'))
      .describe('The image, e.g. `llama-3.1-8b-instruct`.'),
    displayName: z.string().optional().describe('For people; the name when left out.'),
    shortDescription: z.string().default(''),
    namespace: z.string().max(128).regex(imagePath).describe('The image’s folder in the registry, e.g. `nim/meta`.'),
    tags: z.array(z.string().regex(imageTag)).min(1).describe('As the registry has them, newest first.'),
    latestTag: z.string().regex(imageTag).describe('The tag that is deployed unless another is asked for.'),
    updatedDate: z.string().default('').describe('RFC 3339.'),
    euRestricted: z.boolean().default(false).describe('The registry refuses it in the EU (HTTP 451).'),
  })
  .refine(({ tags, latestTag }) => tags.includes(latestTag), { path: ['latestTag'], error: 'must be one of the tags' })
  .transform((model) => ({ ...model, displayName: model.displayName ?? model.name }))

export type CatalogModel = z.output<typeof CatalogModel>

/** `nim/meta/llama-3.1-8b-instruct`: the image without registry and tag. */
export function repositoryOf({ namespace, name }: Pick<CatalogModel, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}

/**
 * The image of a model: `nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4`.
 * @param tag is used as it is: `1.3` and `1.3.0` are different tags of a registry, and often only one of them exists.
 * @param registry a host with an optional port and path; default NVIDIA's.
 */
export function imageOf(model: Pick<CatalogModel, 'namespace' | 'name'>, tag: string, registry = 'nvcr.io'): string {
  return `${registry.replace(/\/+$/, '')}/${repositoryOf(model)}:${tag}`
}
