import type { SdkModel, SdkOptions, SdkQueryOptions, SdkUtils } from '../sdk.ts'

/** Where an API server is and who asks it. */
export interface ApiAddress {
  /** Plain http. */
  readonly server: string
  readonly token: string
}

/** An answer of status 400 or above, as the SDK's fetch throws it. */
class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly code: number
  readonly json: unknown

  constructor(code: number, json: unknown) {
    super(`HTTP ${code}`)
    this.code = code
    this.json = json
  }
}

/** The functions of the SDK as a console has them, over plain fetch: the same addresses, methods, bodies and errors. */
export function sdkOverFetch({ server, token }: ApiAddress): SdkUtils {
  const commonFetch = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    const answer = await fetch(`${server}${path}`, { ...init, headers })
    if (answer.status < 400) return answer
    const json: unknown = await answer.json()
    throw new HttpError(answer.status, json)
  }
  const call = async (
    method: string,
    options: SdkOptions,
    body?: unknown,
    type = 'application/json',
  ): Promise<unknown> => {
    const { model, queryOptions = {}, fetchOptions } = options
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } }
    const init = { ...fetchOptions?.requestInit, method, ...content }
    const answer: unknown = await (await commonFetch(urlOf(model, queryOptions), init)).json()
    return answer
  }
  return {
    k8sGetResource: (options) => call('GET', options),
    k8sListResource: (options) => call('GET', options),
    k8sCreateResource: ({ resource, ...options }) => call('POST', inNamespaceOf(resource.metadata, options), resource),
    k8sUpdateResource: ({ resource, ...options }) => call('PUT', options, resource),
    k8sPatchResource: ({ patches, ...options }) => call('PATCH', options, patches, 'application/json-patch+json'),
    k8sDeleteResource: ({ payload, ...options }) => call('DELETE', options, payload),
    getK8sResourceURL: (model, _, query) => urlOf(model, query),
    commonFetch,
  }
}

function inNamespaceOf({ namespace }: { namespace?: string }, options: SdkOptions): SdkOptions {
  if (namespace === undefined) return options
  return { ...options, queryOptions: { ...options.queryOptions, ns: namespace } }
}

function urlOf(
  { apiGroup, apiVersion, plural }: SdkModel,
  { ns, name, path, queryParams = {} }: SdkQueryOptions,
): string {
  const root = apiGroup === undefined ? `/api/${apiVersion}` : `/apis/${apiGroup}/${apiVersion}`
  const place = ns === undefined ? '' : `/namespaces/${ns}`
  const rest = [plural, name, path].filter((part) => part !== undefined).join('/')
  const query = new URLSearchParams(queryParams).toString()
  return `${root}${place}/${rest}${query === '' ? '' : `?${query}`}`
}
