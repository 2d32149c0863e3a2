import { findModel, imageOf, readCatalog } from '@nexus/catalog'
import type { Catalog, CatalogModel } from '@nexus/catalog'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { print } from '../output/print.ts'
import { renderFields } from '../output/fields.ts'
import type { Column } from '../output/table.ts'
import type { OutputFlags } from '../program.ts'
import type { Shell } from '../shell.ts'

const columns: readonly Column<CatalogModel>[] = [
  { heading: 'NAME', cell: (model) => model.name },
  { heading: 'DISPLAY NAME', cell: (model) => model.displayName },
  { heading: 'LATEST', cell: (model) => model.latestTag },
  { heading: 'TAGS', cell: (model) => String(model.tags.length) },
  { heading: 'EU', cell: (model) => (model.euRestricted ? 'restricted' : 'yes') },
  { heading: 'UPDATED', cell: (model) => model.updatedDate.slice(0, 10), wide: true },
  { heading: 'IMAGE', cell: (model) => imageOf(model, model.latestTag), wide: true },
]

/** `nexus catalog list [SEARCH]`. */
export async function catalogList(
  search: string | undefined,
  flags: ClusterFlags & OutputFlags,
  shell: Shell,
): Promise<void> {
  await withCluster(flags, shell, async ({ kube }) => {
    const catalog = await readCatalog(kube, {}, { signal: shell.signal })
    warnOfProblems(catalog, shell)
    const rows = catalog.models.filter((model) => matches(model, search))
    const empty = `No model matches "${search ?? ''}". See them all: nexus catalog list`
    await print(shell, flags.output, { rows, columns, name: (model) => model.name, empty })
  })
}

/** `nexus catalog show MODEL`. */
export async function catalogShow(name: string, flags: ClusterFlags & OutputFlags, shell: Shell): Promise<void> {
  await withCluster(flags, shell, async ({ kube }) => {
    const catalog = await readCatalog(kube, {}, { signal: shell.signal })
    const model = findModel(catalog, name)
    if (flags.output === undefined) return shell.out(renderModel(model))
    await print(shell, flags.output, { rows: [model], columns, name: () => model.name, data: model, empty: '' })
  })
}

/** Entries that cannot be used are said, not hidden: an admin's slip must not look like a missing model. */
function warnOfProblems({ problems, location }: Catalog, shell: Shell): void {
  for (const { key, message } of problems) {
    shell.talk(`warning: ConfigMap ${location.namespace}/${location.name}: entry "${key}" ${message}`)
  }
}

function matches(model: CatalogModel, search: string | undefined): boolean {
  const text = `${model.name} ${model.displayName} ${model.namespace} ${model.shortDescription}`.toLowerCase()
  return (search ?? '')
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

function renderModel(model: CatalogModel): string {
  return renderFields([
    ['Name', model.name],
    ['Display name', model.displayName],
    ['Description', model.shortDescription],
    ['Image', imageOf(model, model.latestTag)],
    ['Latest tag', model.latestTag],
    ['Tags', model.tags.join(', ')],
    ['Updated', model.updatedDate.slice(0, 10)],
    ['EU', model.euRestricted ? 'restricted: the registry refuses it in the EU' : 'available'],
    ['Deploy it', `nexus deploy ${model.name} --name NAME -n PROJECT --api-key-stdin --wait`],
  ])
}
