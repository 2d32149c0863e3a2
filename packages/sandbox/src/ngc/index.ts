export { startHttpProxy } from './http-proxy.ts'
export { startNgcStub } from './ngc-stub.ts'
