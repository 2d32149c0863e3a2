import { createWriteStream } from 'node:fs'
import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'

/** What busybox's wget waits for an answer. */
const DEFAULT_TIMEOUT_SECONDS = 900

export const WGET_OPTIONS = {
  quiet: { type: 'boolean', short: 'q' },
  spider: { type: 'boolean' },
  'server-response': { type: 'boolean', short: 'S' },
  'no-check-certificate': { type: 'boolean' },
  'output-document': { type: 'string', short: 'O' },
  timeout: { type: 'string', short: 'T' },
  tries: { type: 'string', short: 't' },
  'user-agent': { type: 'string', short: 'U' },
  header: { type: 'string', multiple: true },
  'post-data': { type: 'string' },
} as const

/**
 * What busybox's wget does with one URL: its options, its messages, exit code 1 for everything that fails. Names and
 * addresses of the cluster are reached since this program runs with the preload.
 */
export async function wget(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: WGET_OPTIONS, allowPositionals: true })
  const [target] = positionals
  const url = target === undefined ? null : URL.parse(/^https?:/i.test(target) ? target : `http://${target}`)
  if (url === null) return fail('missing URL')
  try {
    const response = await send(url, values)
    if (values['server-response'] === true)
      process.stderr.write(`  HTTP/${response.httpVersion} ${response.statusCode} ${response.statusMessage}\n`)
    if ((response.statusCode ?? 500) >= 400) {
      return fail(
        `server returned error: HTTP/${response.httpVersion} ${response.statusCode} ${response.statusMessage}`,
      )
    }
    if (values.spider === true) {
      response.destroy()
      return 0
    }
    const file = values['output-document'] ?? (basename(url.pathname) || 'index.html')
    await pipeline(response, file === '-' ? process.stdout : createWriteStream(file), { end: file !== '-' })
    return 0
  } catch (error) {
    return fail(messageFor(error, url))
  }
}

type Values = ReturnType<typeof parseArgs<{ options: typeof WGET_OPTIONS }>>['values']

/** Follows redirects as wget does, five at most. */
async function send(url: URL, values: Values, redirects = 5): Promise<IncomingMessage> {
  const response = await sendOnce(url, values)
  const { location } = response.headers
  if (location === undefined || redirects === 0 || Math.floor((response.statusCode ?? 0) / 100) !== 3) return response
  response.resume()
  return send(new URL(location, url), values, redirects - 1)
}

function sendOnce(url: URL, values: Values): Promise<IncomingMessage> {
  const body = values['post-data']
  const form =
    body === undefined
      ? {}
      : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }
  const own = (values.header ?? []).map((line): [string, string] => {
    const at = line.indexOf(':')
    return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()]
  })
  const seconds = Number(values.timeout ?? DEFAULT_TIMEOUT_SECONDS)
  const options = {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'user-agent': values['user-agent'] ?? 'Wget',
      accept: '*/*',
      connection: 'close',
      ...form,
      ...Object.fromEntries(own),
    },
    signal: AbortSignal.timeout(seconds * 1000),
    rejectUnauthorized: values['no-check-certificate'] !== true,
  }
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest(url, options, resolve) : httpRequest(url, options, resolve)
    request.on('error', reject)
    request.end(body)
  })
}

function messageFor(error: unknown, url: URL): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `bad address '${url.hostname}'`
  if (code === 'ECONNREFUSED') return `can't connect to remote host (${url.host}): Connection refused`
  if (error instanceof Error && error.name === 'TimeoutError') return 'download timed out'
  return error instanceof Error ? error.message : String(error)
}

function fail(message: string): number {
  process.stderr.write(`wget: ${message}\n`)
  return 1
}
