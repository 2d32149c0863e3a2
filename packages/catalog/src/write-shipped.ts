// Writes config/nim from a file of catalog facts: `npm run write-shipped -w @nexus/catalog -- FACTS.json`.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { CatalogModel } from './model.ts'
import { shippedFiles } from './shipped.ts'

const folder = join(import.meta.dirname, '../../../config/nim')
const [facts] = process.argv.slice(2)
if (facts === undefined) throw new Error('usage: npm run write-shipped -w @nexus/catalog -- FACTS.json')
// npm runs scripts in the package's folder; the path is meant from where the person stands.
const text = await readFile(resolve(process.env['INIT_CWD'] ?? '.', facts), 'utf8')
const models = z.array(CatalogModel).parse(JSON.parse(text))
for (const [path, content] of Object.entries(shippedFiles(models))) {
  const file = join(folder, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}
process.stderr.write(`${models.length} models written to ${folder}\n`)
