import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Kinds, refTo } from '../index.ts'
import { KubeConfigError } from './kube-config-error.ts'
import { loadKubeConfig } from './kube-config.ts'
import { createNodeKubeClient } from './node-client.ts'
import { configMap, sendJson, startScriptedServer } from './testing/scripted-server.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-kubeconfig-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, text)
  return path
}

/** A kubeconfig with one context, all of the same name. */
function kubeconfig(name: string, { cluster = '', user = '', context = '', current = name } = {}): string {
  return `apiVersion: v1
kind: Config
current-context: ${current}
clusters: [{name: ${name}, cluster: {server: "https://${name}:6443"${cluster}}}]
users: [{name: ${name}, user: {${user}}}]
contexts: [{name: ${name}, context: {cluster: ${name}, user: ${name}${context}}}]
`
}

/** Twelve lines, each ten times the one before: a tera-element list, were it ever written out. */
const MULTIPLYING_ALIASES = Array.from({ length: 12 }, (_, level) => {
  const item = level === 0 ? 'x' : `*a${level - 1}`
  return `a${level}: &a${level} [${Array.from({ length: 10 }, () => item).join(', ')}]\n`
}).join('')

async function failureOf(work: Promise<unknown>): Promise<KubeConfigError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof KubeConfigError) return error
  throw new Error('expected a KubeConfigError', { cause: error })
}

describe('the cluster is found', () => {
  test('by the path that is given, before anything else', async () => {
    const path = await file('given', kubeconfig('given', { user: 'token: t1' }))
    const other = await file('other', kubeconfig('other'))
    const config = await loadKubeConfig({ path, env: { KUBECONFIG: other } })
    expect(config).toMatchObject({
      server: 'https://given:6443',
      context: 'given',
      source: { type: 'files', paths: [path] },
    })
  })

  test('by KUBECONFIG, whose files are merged: the first one that has an entry wins', async () => {
    const first = await file('first', kubeconfig('shared', { user: 'token: first' }))
    const second = await file(
      'second',
      kubeconfig('shared', { user: 'token: second', current: 'extra' }).replace(
        'contexts: [',
        'contexts: [{name: extra, context: {cluster: shared, user: shared, namespace: team}}, ',
      ),
    )
    const env = { KUBECONFIG: [join(dir, 'missing'), first, second].join(delimiter) }
    const config = await loadKubeConfig({ env })
    expect(config.context).toBe('shared')
    expect(config.auth.type === 'token' ? config.auth.token.reveal() : '').toBe('first')
    expect(await loadKubeConfig({ env, context: 'extra' })).toMatchObject({ context: 'extra', namespace: 'team' })
  })

  test('by the ServiceAccount of the pod this process is, unless a context is asked for', async () => {
    const account = join(dir, 'account')
    await mkdir(account)
    await Promise.all([
      writeFile(join(account, 'token'), 'sa-token'),
      writeFile(join(account, 'ca.crt'), 'CA'),
      writeFile(join(account, 'namespace'), 'nexus\n'),
    ])
    const env = {
      KUBERNETES_SERVICE_HOST: 'fd00::1',
      KUBERNETES_SERVICE_PORT: '6443',
      NEXUS_SERVICE_ACCOUNT_DIR: account,
      HOME: join(dir, 'nobody'),
    }
    expect(await loadKubeConfig({ env })).toMatchObject({
      server: 'https://[fd00::1]:6443',
      namespace: 'nexus',
      ca: 'CA',
      auth: { type: 'token-file', path: join(account, 'token') },
      source: { type: 'in-cluster', dir: account },
    })
    expect((await failureOf(loadKubeConfig({ env, context: 'prod' }))).code).toBe('NEXUS_KUBECONFIG_NOT_FOUND')
  })

  test('by ~/.kube/config at last', async () => {
    await mkdir(join(dir, '.kube'))
    await file('.kube/config', kubeconfig('home'))
    expect(await loadKubeConfig({ env: { HOME: dir } })).toMatchObject({
      server: 'https://home:6443',
      auth: { type: 'none' },
    })
  })
})

test('certificates come from data or from files beside the kubeconfig, extensions as a record', async () => {
  await file('ca.pem', 'CA')
  const user = `client-certificate-data: ${btoa('CERT')}, client-key-data: ${btoa('KEY')}, token: unused`
  const cluster =
    ', certificate-authority: ca.pem, tls-server-name: api, extensions: [{name: nexus, extension: {gateway: "http://x"}}]'
  const config = await loadKubeConfig({ path: await file('certificates', kubeconfig('prod', { cluster, user })) })
  expect(config).toMatchObject({
    ca: 'CA',
    tlsServerName: 'api',
    skipTlsVerify: false,
    auth: { type: 'client-certificate', certificate: 'CERT' },
    extensions: { nexus: { gateway: 'http://x' } },
  })
})

test('printing a configuration shows no credentials', async () => {
  const path = await file('secret', kubeconfig('secret', { user: 'token: very-secret-token' }))
  const config = await loadKubeConfig({ path })
  expect(inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config)).not.toContain('very-secret')
})

describe('what is wrong is said with the next step', () => {
  test.each<{ wrong: string; text: string; context?: string; code: string; says: string }>([
    {
      wrong: 'no such context',
      text: kubeconfig('production'),
      context: 'prodution',
      code: 'CONTEXT',
      says: 'Did you mean production?',
    },
    { wrong: 'no current context', text: kubeconfig('a', { current: '""' }), code: 'CONTEXT', says: '--context' },
    {
      wrong: 'a context without its cluster',
      text: kubeconfig('a').replace('clusters: [{name: a', 'clusters: [{name: b'),
      code: 'CONTEXT',
      says: 'names the cluster "a", which is not there',
    },
    {
      wrong: 'a context without its user',
      text: kubeconfig('a').replace('users: [{name: a', 'users: [{name: b'),
      code: 'CONTEXT',
      says: 'names the user "a", which is not there',
    },
    {
      wrong: 'a server that is no URL',
      text: kubeconfig('a').replace('https://a:6443', 'a b'),
      code: 'CONTEXT',
      says: 'is not a URL: a b',
    },
    {
      wrong: 'a server without a scheme',
      text: kubeconfig('a').replace('https://a:6443', 'a:6443'),
      code: 'CONTEXT',
      says: 'https://host:port',
    },
    { wrong: 'an alias without its anchor', text: 'clusters: *missing', code: 'MALFORMED', says: 'alias' },
    { wrong: 'aliases that multiply', text: MULTIPLYING_ALIASES, code: 'MALFORMED', says: 'alias' },
    { wrong: 'no YAML', text: 'clusters: [', code: 'MALFORMED', says: 'line 1' },
    { wrong: 'no kubeconfig', text: 'clusters: {a: b}', code: 'MALFORMED', says: 'clusters' },
    {
      wrong: 'a missing certificate',
      text: kubeconfig('a', { user: 'client-certificate: gone.pem, client-key: gone.pem' }),
      code: 'UNREADABLE',
      says: 'gone.pem',
    },
    {
      wrong: 'impersonation',
      text: kubeconfig('a', { user: 'token: t, as: root' }),
      code: 'UNSUPPORTED',
      says: 'impersonates',
    },
    {
      wrong: 'a proxy',
      text: kubeconfig('a', { cluster: ', proxy-url: "http://proxy:3128"' }),
      code: 'UNSUPPORTED',
      says: 'proxy-url',
    },
  ])('$wrong', async ({ text, context, code, says }) => {
    const error = await failureOf(loadKubeConfig({ path: await file('wrong', text), context }))
    expect(error.code).toBe(`NEXUS_KUBECONFIG_${code}`)
    expect(`${error.message} ${error.hint}`).toContain(says)
  })

  test('a kubeconfig that is named but missing is no reason to take another cluster', async () => {
    const env = { KUBECONFIG: join(dir, 'missing'), HOME: dir }
    expect(await failureOf(loadKubeConfig({ env }))).toMatchObject({ code: 'NEXUS_KUBECONFIG_UNREADABLE' })
  })

  test('a malformed line is named but not quoted: it may hold the token', async () => {
    const path = await file('leak', 'users:\n- name: a\n  user: {token: "very-secret-token\n')
    expect((await failureOf(loadKubeConfig({ path }))).message).not.toContain('very-secret')
  })
})

describe('requests authenticate themselves', () => {
  const program = (text: string): string => JSON.stringify(['-e', `process.stdout.write(${JSON.stringify(text)})`])
  const credential = JSON.stringify({
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1',
    status: { token: 'made' },
  })
  const node = JSON.stringify(process.execPath)
  test.each([
    { by: 'a token', user: 'token: plain', header: 'Bearer plain' },
    { by: 'a token file, which wins over a token', user: 'token: plain, tokenFile: token', header: 'Bearer filed' },
    { by: 'a password', user: 'username: me, password: pw', header: `Basic ${btoa('me:pw')}` },
    {
      by: 'a program',
      user: `exec: {apiVersion: client.authentication.k8s.io/v1, command: ${node}, args: ${program(credential)}}`,
      header: 'Bearer made',
    },
  ])('by $by', async ({ user, header }) => {
    await file('token', 'filed\n')
    await using server = await disposable(startScriptedServer((_, response) => sendJson(response, configMap('x', '1'))))
    const text = kubeconfig('a', { user }).replace('https://a:6443', server.url)
    const kube = createNodeKubeClient(await loadKubeConfig({ path: await file('auth', text) }))
    await kube.get(refTo(Kinds.ConfigMap, { name: 'x', namespace: 'demo' }))
    await kube.close()
    expect(server.seen[0]?.headers.authorization).toBe(header)
  })

  test('by a program whose path is relative to the kubeconfig', async () => {
    await mkdir(join(dir, 'bin'))
    await writeFile(join(dir, 'bin/login'), `#!/bin/sh\nprintf '%s' '${credential}'\n`, { mode: 0o755 })
    await using server = await disposable(startScriptedServer((_, response) => sendJson(response, configMap('x', '1'))))
    const user = 'exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login}'
    const text = kubeconfig('a', { user }).replace('https://a:6443', server.url)
    const kube = createNodeKubeClient(await loadKubeConfig({ path: await file('relative', text) }))
    await kube.get(refTo(Kinds.ConfigMap, { name: 'x', namespace: 'demo' }))
    await kube.close()
    expect(server.seen[0]?.headers.authorization).toBe('Bearer made')
  })

  test('a program that fails says what it said', async () => {
    const exec = `exec: {apiVersion: client.authentication.k8s.io/v1, command: ${node}, args: ["-e", "console.error('session expired'); process.exit(1)"]}`
    const kube = createNodeKubeClient(
      await loadKubeConfig({ path: await file('exec', kubeconfig('a', { user: exec })) }),
    )
    const error = await failureOf(kube.get(refTo(Kinds.Namespace, { name: 'demo' })))
    await kube.close()
    expect(error.code).toBe('NEXUS_KUBECONFIG_CREDENTIALS')
    expect(error.message).toBe('no credentials for user "a": session expired')
  })
})

async function disposable<T extends { close(): Promise<void> }>(opened: Promise<T>): Promise<T & AsyncDisposable> {
  const resource = await opened
  return Object.assign(resource, { [Symbol.asyncDispose]: () => resource.close() })
}
