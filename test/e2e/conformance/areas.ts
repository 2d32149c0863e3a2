import type { ConformanceArea } from './case.ts'
import * as objects from './cases/objects.ts'

/** Every area of the suite, in the order of the report. */
export const AREAS: readonly ConformanceArea[] = [objects]
