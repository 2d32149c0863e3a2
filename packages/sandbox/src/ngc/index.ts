export { startNgcStub } from './ngc-stub.ts'
