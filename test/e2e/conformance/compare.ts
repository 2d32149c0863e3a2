import { messageOf } from '@nexus/core'
import type { ConformanceCase } from './case.ts'
import { serverUnderTest } from './server-under-test.ts'
import type { RecordedAnswer } from './server-under-test.ts'
import type { StartedServer } from './servers.ts'

/** What one case was answered by both. */
export interface Comparison {
  readonly sandbox: readonly RecordedAnswer[]
  readonly kubernetes: readonly RecordedAnswer[]
}

/** Runs a case on both servers, in a namespace of the same name. */
export async function runOnBoth(
  one: ConformanceCase,
  namespace: string,
  servers: { readonly sandbox: StartedServer; readonly kubernetes: StartedServer },
): Promise<Comparison> {
  const [sandbox, kubernetes] = await Promise.all([
    on('the sandbox', runOn(one, namespace, servers.sandbox)),
    on('Kubernetes', runOn(one, namespace, servers.kubernetes)),
  ])
  return { sandbox, kubernetes }
}

/** A case that fails says on which of the two: their answers look alike. */
async function on(name: string, answers: Promise<RecordedAnswer[]>): Promise<RecordedAnswer[]> {
  try {
    return await answers
  } catch (cause) {
    throw new Error(`On ${name}: ${messageOf(cause)}`, { cause })
  }
}

async function runOn(
  { run, managedFields = false }: ConformanceCase,
  namespace: string,
  server: StartedServer,
): Promise<RecordedAnswer[]> {
  await server.makeNamespace(namespace)
  const recorded: RecordedAnswer[] = []
  await run(serverUnderTest(server.connection, { namespace, managedFields, recorded }))
  return recorded
}

/** The answers as text, one after the other: what a failed test shows the difference of. */
export function transcript(answers: readonly RecordedAnswer[]): string {
  return answers.map(({ request, status, body }) => `${request}\n${status} ${body}`).join('\n\n')
}
