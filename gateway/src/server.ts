import { describeForLog, renderEnvelope, toGatewayError } from './errors.ts'
import type { Exchange } from './exchange/exchange.ts'
import { answerAdmin } from './routes/admin.ts'
import type { Call, Services } from './routes/call.ts'
import type { Route, RouteTable } from './routes/table.ts'

/** Answers the requests of one port by its table of routes. */
export function createHandler(services: Services, routes: RouteTable): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    const record = services.recorder.begin(exchange)
    await handle({ exchange, services, snapshot: services.snapshot(), record }, routes)
    // What the answer took is known now; whether the client has had it, when it is closed.
    exchange.whenClosed(() => services.recorder.finish(exchange, record))
  }
}

async function handle(call: Call, routes: RouteTable): Promise<void> {
  const { exchange, record } = call
  try {
    const route = routes.find(exchange.method, exchange.path)
    record.route = route.path
    await answer(route, call)
  } catch (thrown) {
    refuse(call, thrown)
  }
}

async function answer(route: Route, call: Call): Promise<void> {
  switch (route.access) {
    case 'open':
      return route.answer(call)
    case 'admin':
      return answerAdmin(route.answer, call)
    case 'key': {
      const caller = await authenticate(call)
      return route.answer({ ...call, caller })
    }
    default:
      return route satisfies never
  }
}

async function authenticate({ exchange, services, snapshot, record }: Call) {
  try {
    const found = snapshot.authenticator.authenticate(exchange.headers)
    const caller = found instanceof Promise ? await found : found
    record.caller = caller
    services.recorder.allowed(exchange, caller)
    return caller
  } catch (error) {
    services.recorder.denied(exchange, toGatewayError(error))
    throw error
  }
}

function refuse({ exchange, record, services }: Call, thrown: unknown): void {
  const error = toGatewayError(thrown)
  record.error = describeForLog(error)
  record.errorCode = error.code
  if (error.code === 'internal_error') {
    services.log.error({ err: thrown, request_id: exchange.requestId }, 'unexpected failure')
  }
  if (exchange.sent.status !== 0 || exchange.isClientGone) exchange.cut()
  else exchange.respond(error.status, { 'content-type': 'application/json', ...error.headers }, renderEnvelope(error))
}
