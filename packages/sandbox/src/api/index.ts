export { startApiServer } from './server.ts'
