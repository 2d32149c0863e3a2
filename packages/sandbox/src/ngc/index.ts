export { startHttpProxy } from './http-proxy.ts'
export type { HttpProxy } from './http-proxy.ts'
export { startNgcStub } from './ngc-stub.ts'
export type { NgcStub, NgcStubOptions } from './ngc-stub.ts'
