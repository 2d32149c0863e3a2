import { renderTable } from '../../docs/render-table.ts'
import type { ConformanceArea, ConformanceCase } from './case.ts'
import type { Comparison } from './compare.ts'
import type { RecordedAnswer } from './server-under-test.ts'

/** The page `docs/reference/sandbox-conformance.md`: every case with the statuses of both servers. */
export function renderReport(
  areas: readonly ConformanceArea[],
  results: ReadonlyMap<ConformanceCase, Comparison>,
): string {
  const all = areas.flatMap(({ cases }) => cases)
  const differing = all.filter(({ differs }) => differs !== undefined)
  return `# The sandbox beside Kubernetes

Written by a test that puts the same requests to the sandbox's API server and to Kubernetes 1.34 and compares the answers:
status, reason, message and body. \`npm run golden\` writes it anew. ${all.length} cases, ${differing.length} of them with a difference that is
allowed. Volatile values (uids, versions, times, generated names, addresses) are not compared. A column shows the status of
each compared answer in the order of the requests.

${areas.map((area) => renderArea(area, results)).join('\n')}`
}

function renderArea({ area, cases }: ConformanceArea, results: ReadonlyMap<ConformanceCase, Comparison>): string {
  const rows = cases.map((one) => {
    const { sandbox, kubernetes } = results.get(one) ?? { sandbox: [], kubernetes: [] }
    return [one.title, statuses(sandbox), statuses(kubernetes), one.differs ?? '']
  })
  const capital = area.charAt(0).toUpperCase() + area.slice(1)
  return `## ${capital}\n\n${renderTable(['case', 'sandbox', 'Kubernetes', 'allowed difference'], rows)}`
}

function statuses(answers: readonly RecordedAnswer[]): string {
  return answers.map(({ status }) => String(status)).join(' ')
}
