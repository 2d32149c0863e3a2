import type { ConformanceArea } from './case.ts'
import * as accessReviews from './cases/access-reviews.ts'
import * as apply from './cases/apply.ts'
import * as authorization from './cases/authorization.ts'
import * as badInput from './cases/bad-input.ts'
import * as collections from './cases/collections.ts'
import * as defaults from './cases/defaults.ts'
import * as definitions from './cases/definitions.ts'
import * as discovery from './cases/discovery.ts'
import * as dryRun from './cases/dry-run.ts'
import * as fields from './cases/fields.ts'
import * as finalizers from './cases/finalizers.ts'
import * as identity from './cases/identity.ts'
import * as jobs from './cases/jobs.ts'
import * as namespaces from './cases/namespaces.ts'
import * as objects from './cases/objects.ts'
import * as openapi from './cases/openapi.ts'
import * as owners from './cases/owners.ts'
import * as pages from './cases/pages.ts'
import * as patch from './cases/patch.ts'
import * as portForward from './cases/port-forward.ts'
import * as rollouts from './cases/rollouts.ts'
import * as roles from './cases/roles.ts'
import * as scheduling from './cases/scheduling.ts'
import * as selectors from './cases/selectors.ts'
import * as statefulSets from './cases/stateful-sets.ts'
import * as subresources from './cases/subresources.ts'
import * as tables from './cases/tables.ts'
import * as validation from './cases/validation.ts'
import * as versions from './cases/versions.ts'
import * as watch from './cases/watch.ts'
import * as workloadKinds from './cases/workload-kinds.ts'

/** Every area of the suite, in the order of the report. */
export const AREAS: readonly ConformanceArea[] = [
  discovery,
  openapi,
  objects,
  selectors,
  pages,
  versions,
  watch,
  collections,
  subresources,
  portForward,
  patch,
  apply,
  dryRun,
  finalizers,
  owners,
  namespaces,
  tables,
  fields,
  definitions,
  defaults,
  validation,
  workloadKinds,
  rollouts,
  jobs,
  statefulSets,
  scheduling,
  identity,
  authorization,
  roles,
  accessReviews,
  badInput,
]
