export { startNgcStub } from './ngc-stub.ts'
export type { NgcStub } from './ngc-stub.ts'
