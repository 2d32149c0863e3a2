// For tests of other packages, and of the extensions beside this one.
export { connectToTestCluster, freshProject } from './cluster.ts'
export type { TestCluster } from './cluster.ts'
export { modalDeployment, SHARED_KEY_SECRET, SHARED_PULL_SECRET, wizardDeployment } from './older-producers.ts'
export type { OlderDeployment, OlderNames } from './older-producers.ts'
