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
status, reason, message and body. \`npm run golden\` writes it anew. ${all.length} cases in ${areas.length} areas; in ${all.length - differing.length} of them the answers are
equal, in ${differing.length} they may differ, for the reasons below. Volatile values (uids, versions, times, generated names, addresses, ages)
are not compared. The columns show the statuses of the compared answers, in the order of the requests.

## Where they differ

${areas.flatMap((area) => renderDifferences(area)).join('\n')}

${areas.map((area) => renderArea(area, results)).join('\n')}`
}

function renderDifferences({ area, cases }: ConformanceArea): string[] {
  return cases.flatMap(({ title, differs }) => (differs === undefined ? [] : [`- ${area}: ${title}. _${differs}_`]))
}

function renderArea({ area, cases }: ConformanceArea, results: ReadonlyMap<ConformanceCase, Comparison>): string {
  const rows = cases.map((one) => {
    const { sandbox, kubernetes } = results.get(one) ?? { sandbox: [], kubernetes: [] }
    return [one.title, statuses(sandbox), statuses(kubernetes), one.differs === undefined ? 'equal' : 'may differ']
  })
  const capital = area.charAt(0).toUpperCase() + area.slice(1)
  return `## ${capital}\n\n${renderTable(['case', 'sandbox', 'Kubernetes', 'answers'], rows)}`
}

/** `201 200 ×3 404`: how often, where a status follows itself. */
function statuses(answers: readonly RecordedAnswer[]): string {
  const runs: { readonly status: number; count: number }[] = []
  for (const { status } of answers) {
    const last = runs.at(-1)
    if (last?.status === status) last.count += 1
    else runs.push({ status, count: 1 })
  }
  return runs.map(({ status, count }) => (count === 1 ? `${status}` : `${status} ×${count}`)).join(' ')
}
