import { eventually, hasProgram } from '@nexus/kube/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestCluster } from './clusters/cluster.ts'
import { describeOnClusters } from './clusters/index.ts'
import { run } from './clusters/run.ts'
import type { Ran } from './clusters/run.ts'

// What a kubelet does for a pod, seen through kubectl. The agent runs beside the real control plane, too.

const withoutKubectl = !hasProgram('kubectl')
const WAIT = '--timeout=90s'

await describeOnClusters('pods', (start) => {
  let cluster: TestCluster

  const kubectl = (...args: string[]): Promise<Ran> =>
    run('kubectl', ['-n', 'pods', ...args], { env: { ...cluster.env, KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' } })
  const apply = async (...objects: object[]): Promise<void> => {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
    const ran = await run('kubectl', ['-n', 'pods', 'apply', '-f', '-'], { env: cluster.env, input })
    expect(ran).toMatchObject({ code: 0 })
  }
  const until = async (name: string, jsonpath: string): Promise<void> => {
    const ran = await kubectl('wait', `pod/${name}`, `--for=jsonpath=${jsonpath}`, WAIT)
    expect(ran, `pod ${name} until ${jsonpath}`).toMatchObject({ code: 0 })
  }
  const field = async (name: string, jsonpath: string): Promise<string> =>
    (await kubectl('get', 'pod', name, '-o', `jsonpath=${jsonpath}`)).stdout
  const logs = async (name: string, ...args: string[]): Promise<string> => (await kubectl('logs', name, ...args)).stdout
  const events = async (name: string): Promise<string> =>
    (await kubectl('get', 'events', `--field-selector=involvedObject.name=${name}`)).stdout

  beforeAll(async () => {
    cluster = await start()
    if (withoutKubectl) return
    await run('kubectl', ['create', 'namespace', 'pods'], { env: cluster.env })
    await eventually(async () => expect((await kubectl('get', 'serviceaccount', 'default')).code).toBe(0))
    await apply(configMap('settings', { mode: 'fast', 'greet.sh': 'echo hello from a script' }), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'keys' },
      stringData: { password: 's3cret' },
    })
  })
  afterAll(() => cluster?.stop())

  test('variables and volumes arrive as Kubernetes gives them', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    const script = `
      cat /scratch/ready; cat /etc/all/mode; echo; cat /etc/all/secret/password; echo
      sh /etc/settings/greet.sh
      cat /etc/one; echo
      cat /etc/all/labels; echo
      test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo token
      echo "$(NAME) $WHERE $CPU $PRE_password"
      echo "last words" > /dev/termination-log
      printf 'no newline'
      exit 3`
    await apply(
      pod('everything', {
        restartPolicy: 'Never',
        volumes: [
          { name: 'work', emptyDir: {} },
          { name: 'settings', configMap: { name: 'settings' } },
          {
            name: 'all',
            projected: {
              sources: [
                { configMap: { name: 'settings', items: [{ key: 'mode', path: 'mode' }] } },
                { secret: { name: 'keys', items: [{ key: 'password', path: 'secret/password' }] } },
                { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
              ],
            },
          },
        ],
        initContainers: [
          {
            name: 'prepare',
            image: 'busybox:1.36',
            command: ['sh', '-c', 'echo prepared > /scratch/ready'],
            volumeMounts: [{ name: 'work', mountPath: '/scratch' }],
          },
        ],
        containers: [
          {
            name: 'main',
            image: 'busybox:1.36',
            command: ['sh', '-c'],
            args: [script],
            env: [
              { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'WHERE', value: 'in $(NAME)' },
              { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
            ],
            envFrom: [{ prefix: 'PRE_', secretRef: { name: 'keys' } }],
            resources: { requests: { cpu: '250m' } },
            volumeMounts: [
              { name: 'work', mountPath: '/scratch' },
              { name: 'settings', mountPath: '/etc/settings' },
              { name: 'settings', mountPath: '/etc/one', subPath: 'mode' },
              { name: 'all', mountPath: '/etc/all' },
            ],
          },
        ],
      }),
    )
    await until('everything', '{.status.phase}=Failed')
    expect((await logs('everything', '-c', 'main')).trimEnd().split('\n')).toEqual([
      'prepared',
      'fast',
      's3cret',
      'hello from a script',
      'fast',
      'app="everything"',
      'token',
      'everything in everything 250 s3cret',
      'no newline',
    ])
    const ended = '{.status.containerStatuses[0].state.terminated'
    expect(await field('everything', `${ended}.exitCode} ${ended}.reason} ${ended}.message}`)).toBe(
      '3 Error last words\n',
    )
    expect(await field('everything', '{.status.initContainerStatuses[0].ready}')).toBe('true')
  })

  test('a changed ConfigMap reaches a running pod; a part of it that was mounted by subPath stays', async ({
    skip,
  }) => {
    skip(withoutKubectl, 'needs kubectl')
    const command = 'while test "$(cat /etc/changing/mode)" = fast; do sleep 0.1; done; cat /etc/changing/mode /etc/one'
    await apply(
      configMap('changing', { mode: 'fast' }),
      pod('follows', {
        restartPolicy: 'Never',
        volumes: [{ name: 'changing', configMap: { name: 'changing' } }],
        containers: [
          {
            ...busybox(command),
            volumeMounts: [
              { name: 'changing', mountPath: '/etc/changing' },
              { name: 'changing', mountPath: '/etc/one', subPath: 'mode' },
            ],
          },
        ],
      }),
    )
    await until('follows', '{.status.phase}=Running')
    await apply(configMap('changing', { mode: 'slow' }))
    await until('follows', '{.status.phase}=Succeeded')
    expect(await logs('follows')).toBe('slowfast\n')
  })

  test('a sidecar starts before the containers and ends after them', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    const mounted = { volumeMounts: [{ name: 'work', mountPath: '/scratch' }] }
    await apply(
      pod('together', {
        restartPolicy: 'Never',
        volumes: [{ name: 'work', emptyDir: {} }],
        initContainers: [
          {
            ...busybox(
              "trap 'echo side ends; exit 0' TERM; echo side; touch /scratch/up; while true; do sleep 0.1; done",
            ),
            ...mounted,
            name: 'side',
            restartPolicy: 'Always',
            startupProbe: { exec: { command: ['test', '-f', '/scratch/up'] }, periodSeconds: 1 },
          },
        ],
        containers: [{ ...busybox('test -f /scratch/up && echo main'), ...mounted }],
      }),
    )
    await until('together', '{.status.phase}=Succeeded')
    expect(await logs('together')).toBe('main\n')
    expect(await logs('together', '-c', 'side')).toBe('side\nside ends\n')
    expect(await logs('together', '--all-containers')).toContain('main\n')
  })

  test('an init container that fails fails the pod, or holds it back', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    const spec = { initContainers: [{ ...busybox('exit 1'), name: 'init' }], containers: [busybox('echo never')] }
    await apply(pod('init-fails', { ...spec, restartPolicy: 'Never' }), pod('init-retries', spec))
    await until('init-fails', '{.status.phase}=Failed')
    const initialized = '{.status.conditions[?(@.type=="Initialized")]'
    expect(await field('init-fails', `${initialized}.reason}: ${initialized}.message}`)).toBe(
      'ContainersNotInitialized: containers with incomplete status: [init]',
    )
    await until('init-retries', '{.status.initContainerStatuses[0].state.waiting.reason}=CrashLoopBackOff')
    expect(await field('init-retries', '{.status.phase} {.status.containerStatuses[0].state.waiting.reason}')).toBe(
      'Pending PodInitializing',
    )
    const refused = await kubectl('logs', 'init-retries', '-c', 'main')
    expect(refused.stderr).toContain('container "main" in pod "init-retries" is waiting to start: PodInitializing')
  })

  test('a container that crashes waits longer each time, and its last run can be read', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    await apply(pod('crashes', { containers: [busybox('echo run; exit 2')] }))
    await until('crashes', '{.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff')
    const status = '{.status.containerStatuses[0]'
    expect(await field('crashes', `${status}.state.waiting.message}`)).toMatch(
      /^back-off \d+s restarting failed container=main pod=crashes_pods\(/,
    )
    expect(await field('crashes', `${status}.lastState.terminated.exitCode} {.status.phase}`)).toBe('2 Running')
    expect(await logs('crashes', '--previous')).toBe('run\n')
    const said = 'Back-off restarting failed container main in pod crashes_pods('
    await eventually(async () => expect(await events('crashes')).toContain(said))
  })

  test('a pod that is active for too long fails with its deadline', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    const limits = { activeDeadlineSeconds: 1, terminationGracePeriodSeconds: 1 }
    await apply(pod('late', { ...limits, restartPolicy: 'Never', containers: [busybox('sleep 1000')] }))
    await until('late', '{.status.phase}=Failed')
    expect(await field('late', '{.status.reason}: {.status.message}')).toBe(
      'DeadlineExceeded: Pod was active on the node longer than the specified deadline',
    )
  })

  test('a command that is not there ends with StartError, and an image that is not says what would run', async ({
    skip,
  }) => {
    skip(withoutKubectl, 'needs kubectl')
    await apply(
      pod('no-command', {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'busybox', command: ['frobnicate'] }],
      }),
      pod('no-image', { containers: [{ name: 'main', image: 'example.com/web:1' }] }),
    )
    await until('no-command', '{.status.phase}=Failed')
    const ended = '{.status.containerStatuses[0].state.terminated'
    expect(await field('no-command', `${ended}.exitCode} ${ended}.reason} ${ended}.message}`)).toBe(
      '128 StartError exec: "frobnicate": executable file not found in $PATH',
    )
    await until('no-image', '{.status.containerStatuses[0].state.waiting.reason}')
    expect(await field('no-image', '{.status.containerStatuses[0].state.waiting.message}')).toContain(
      'the sandbox has no program for image "example.com/web:1": it runs nvcr.io/nim/',
    )
    const refused = await kubectl('logs', 'no-image')
    expect(refused.stderr).toMatch(
      /^Error from server \(BadRequest\): container "main" in pod "no-image" is waiting to start: (image can't be pulled|trying and failing to pull image)\n$/,
    )
  })

  test('hooks run after the start and before the end, within the grace', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    const main = busybox(`
      trap 'cat /scratch/hooks; exit 0' TERM
      until test -f /scratch/hooks; do sleep 0.1; done
      echo up; while true; do sleep 0.1; done`)
    await apply(
      pod(
        'hooks',
        {
          volumes: [{ name: 'work', emptyDir: {} }],
          containers: [
            {
              ...main,
              volumeMounts: [{ name: 'work', mountPath: '/scratch' }],
              lifecycle: {
                postStart: { exec: { command: ['sh', '-c', 'echo post >> /scratch/hooks'] } },
                preStop: { exec: { command: ['sh', '-c', 'echo pre >> /scratch/hooks'] } },
              },
            },
          ],
        },
        { finalizers: ['example.com/keep'] },
      ),
    )
    await until('hooks', '{.status.containerStatuses[0].ready}=true')
    await eventually(async () => expect(await logs('hooks')).toBe('up\n'))
    // The finalizer keeps the pod, and with it the log, when all of it has ended.
    expect((await kubectl('delete', 'pod', 'hooks', '--wait=false')).code).toBe(0)
    await until('hooks', '{.status.containerStatuses[0].state.terminated.exitCode}=0')
    expect(await logs('hooks')).toBe('up\npost\npre\n')
    await kubectl('patch', 'pod', 'hooks', '--type=merge', '-p', '{"metadata":{"finalizers":null}}')
    expect((await kubectl('wait', 'pod/hooks', '--for=delete', WAIT)).code).toBe(0)
  })

  test('a liveness probe by a command restarts the container', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    const livenessProbe = {
      exec: { command: ['sh', '-c', 'echo not well; exit 1'] },
      periodSeconds: 1,
      failureThreshold: 1,
    }
    await apply(
      pod('unwell', { terminationGracePeriodSeconds: 1, containers: [{ ...busybox('sleep 1000'), livenessProbe }] }),
    )
    await until('unwell', '{.status.containerStatuses[0].restartCount}=1')
    await eventually(async () => {
      const said = await events('unwell')
      expect(said).toContain('Liveness probe failed: not well')
      expect(said).toContain('Container main failed liveness probe, will be restarted')
    })
  })

  test('logs are cut as asked', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    await apply(
      pod('talks', { restartPolicy: 'Never', containers: [busybox('for n in 1 2 3 4; do echo line $n; done')] }),
    )
    await until('talks', '{.status.phase}=Succeeded')
    expect(await logs('talks', '--tail=2')).toBe('line 3\nline 4\n')
    expect(await logs('talks', '--limit-bytes=9')).toBe('line 1\nli')
    expect(await logs('talks', '--since-time=2100-01-01T00:00:00Z')).toBe('')
    expect(await logs('talks', '--since=1h')).toBe('line 1\nline 2\nline 3\nline 4\n')
    expect(await logs('talks', '--timestamps', '--tail=1')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z line 4\n$/)
    const none = await kubectl('logs', 'talks', '--previous')
    expect(none.stderr).toContain('previous terminated container "main" in pod "talks" not found')
  })

  test('a shell reaches Services by name, and is refused where nobody listens', async ({ skip }) => {
    skip(withoutKubectl || !hasProgram('curl'), 'needs kubectl and curl')
    const script = `
      wget -q -O- http://nexus-gateway.nexus/health; echo
      curl -s -o /dev/null -w '%{http_code}' http://nexus-gateway.nexus.svc.cluster.local/health; echo
      wget -q -O- http://nothing.nexus.svc.cluster.local; echo "wget $?"
      curl -s http://nexus-gateway.nexus:81; echo "curl $?"
      nc -z nexus-gateway.nexus.svc 80; echo "nc $?"`
    await apply(pod('calls', { restartPolicy: 'Never', containers: [busybox(script)] }))
    await until('calls', '{.status.phase}=Succeeded')
    const said = await logs('calls')
    expect(said).toContain('{"status":"ok"}\n200\n')
    expect(said).toContain("wget: bad address 'nothing.nexus.svc.cluster.local'\nwget 1\ncurl 7\nnc 0\n")
  })

  test('redis listens where its Service leads, and is asked whether it is well', async ({ skip }) => {
    skip(withoutKubectl || !hasProgram('redis-server'), 'needs kubectl and redis-server')
    await apply(
      pod('store', {
        containers: [
          {
            name: 'redis',
            image: 'redis:7',
            args: ['--save', ''],
            readinessProbe: { exec: { command: ['redis-cli', 'ping'] }, timeoutSeconds: 30 },
          },
        ],
      }),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'store' },
        spec: { selector: { app: 'store' }, ports: [{ port: 6380, targetPort: 6379 }] },
      },
      pod('asks-store', {
        restartPolicy: 'OnFailure',
        containers: [
          busybox(
            'until redis-cli -h store -p 6380 set key value; do sleep 0.2; done; redis-cli -h store -p 6380 get key',
          ),
        ],
      }),
    )
    await until('asks-store', '{.status.phase}=Succeeded')
    expect(await logs('asks-store')).toMatch(/OK\nvalue\n$/)
    expect(
      await field('store', '{.status.containerStatuses[0].ready} {.status.containerStatuses[0].restartCount}'),
    ).toBe('true 0')
  })

  test('an image without a command of its own is given arguments', async ({ skip }) => {
    skip(withoutKubectl || !hasProgram('curl'), 'needs kubectl and curl')
    const args = ['-s', 'http://nexus-gateway.nexus/health']
    await apply(
      pod('arguments', {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'curlimages/curl:8.11.0', args }],
      }),
    )
    await until('arguments', '{.status.phase}=Succeeded')
    expect(await logs('arguments')).toBe('{"status":"ok"}\n')
  })

  test('a pod calls the API as its ServiceAccount, with what RBAC lets it', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    await kubectl('create', 'serviceaccount', 'reader')
    await kubectl('create', 'role', 'reader', '--verb=get', '--resource=configmaps')
    await kubectl('create', 'rolebinding', 'reader', '--role=reader', '--serviceaccount=pods:reader')
    await apply(
      pod('asks', {
        serviceAccountName: 'reader',
        restartPolicy: 'Never',
        containers: [
          {
            ...busybox('kubectl get configmap settings -o name; kubectl get secret keys 2>&1'),
            image: 'registry.k8s.io/kubectl:v1.34.0',
          },
        ],
      }),
    )
    await until('asks', '{.status.containerStatuses[0].state.terminated.exitCode}=1')
    const said = await logs('asks')
    expect(said).toContain('configmap/settings\n')
    expect(said).toContain('User "system:serviceaccount:pods:reader" cannot get resource "secrets"')
  })

  test('a second deletion leaves a pod less time', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    await apply(
      pod('slow', {
        terminationGracePeriodSeconds: 3600,
        containers: [busybox('trap "" TERM; echo up; while true; do sleep 0.1; done')],
      }),
    )
    await eventually(async () => expect(await logs('slow')).toBe('up\n'))
    expect((await kubectl('delete', 'pod', 'slow', '--wait=false')).code).toBe(0)
    expect((await kubectl('delete', 'pod', 'slow', '--grace-period=1', WAIT)).code).toBe(0)
  })

  test('a pod that is deleted by force is gone at once', async ({ skip }) => {
    skip(withoutKubectl, 'needs kubectl')
    await apply(pod('stuck', { containers: [busybox('trap "" TERM; while true; do sleep 0.1; done')] }))
    await until('stuck', '{.status.phase}=Running')
    expect((await kubectl('delete', 'pod', 'stuck', '--wait=false')).code).toBe(0)
    const deleted = await kubectl('delete', 'pod', 'stuck', '--force', '--grace-period=0', WAIT)
    expect(deleted.code).toBe(0)
    expect((await kubectl('get', 'pod', 'stuck')).stderr).toContain('pods "stuck" not found')
  })
})

function pod(name: string, spec: object, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name }, ...metadata }, spec }
}

function busybox(script: string): { name: string; image: string; command: string[] } {
  return { name: 'main', image: 'busybox:1.36', command: ['sh', '-c', script] }
}

function configMap(name: string, data: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}
