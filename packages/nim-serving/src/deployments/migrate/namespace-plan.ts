import type { CallOptions, KubeClient } from '@nexus/kube'
import { fetchMigrationFacts, planMigration } from './plan.ts'
import type { MigrationPlan } from './plan.ts'
import { fetchServingObjects, isMigratable, subjectOf } from './subject.ts'

/** One deployment of a namespace, and what a migration would do with it. */
export interface NamespaceMigration {
  /** What `nexus migrate -d` is given. */
  readonly name: string
  /** `shared`: uses the shared Secrets. `partly`: an interrupted migration. `own`: nothing is to be done. */
  readonly state: 'shared' | 'partly' | 'own'
  readonly plan: MigrationPlan
}

/**
 * Every NIM deployment of a namespace, sorted by name.
 * @throws KubeApiError
 */
export async function planNamespaceMigration(
  kube: KubeClient,
  project: string,
  options?: CallOptions,
): Promise<NamespaceMigration[]> {
  const { runtimes, services } = await fetchServingObjects(kube, project, options)
  const migrations: NamespaceMigration[] = []
  for (const runtime of runtimes.filter(isMigratable)) {
    const subject = subjectOf(runtime, services, project)
    const plan = planMigration(await fetchMigrationFacts(kube, subject, options))
    migrations.push({ name: plan.subject.own.deployment, state: stateOf(plan), plan })
  }
  return migrations.sort((a, b) => a.name.localeCompare(b.name))
}

function stateOf({ isDone, secrets, patch }: MigrationPlan): NamespaceMigration['state'] {
  if (isDone) return 'own'
  return patch.length > 0 && secrets.length === 2 ? 'shared' : 'partly'
}
