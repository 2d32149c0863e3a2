import { CatalogModel } from '../model.ts'

/** A model as the registry describes it, changed in `fields`. */
export function modelOf(fields: Partial<CatalogModel> = {}): CatalogModel {
  return CatalogModel.parse({
    name: 'llama-3.1-8b-instruct',
    displayName: 'Llama 3.1 8B Instruct',
    shortDescription: 'Answers questions',
    namespace: 'nim/meta',
    tags: ['1.8.4', '1.8.0-RTX', '1.3', 'latest'],
    latestTag: '1.8.4',
    updatedDate: '2026-01-30T21:31:38.034Z',
    euRestricted: false,
    ...fields,
  })
}
