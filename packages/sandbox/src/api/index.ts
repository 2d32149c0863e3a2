export { startApiServer } from './server.ts'
export type { ApiServer, ApiServerOptions } from './server.ts'
