import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hasProgram } from '@nexus/kube/testing'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { startGatewayProgram } from '../contract/running-gateway.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const alerts = join(root, 'ops/alerts')

const Rules = z.looseObject({
  groups: z.array(
    z.looseObject({
      rules: z.array(
        z.looseObject({
          alert: z.string(),
          expr: z.string(),
          annotations: z.looseObject({ runbook_url: z.string() }),
        }),
      ),
    }),
  ),
})
const Dashboard = z.looseObject({
  uid: z.string(),
  panels: z.array(z.looseObject({ title: z.string(), targets: z.array(z.looseObject({ expr: z.string() })) })),
})

async function readRules(): Promise<z.infer<typeof Rules>['groups'][number]['rules']> {
  const { groups } = Rules.parse(parse(await readFile(join(alerts, 'nexus-gateway.rules.yaml'), 'utf8')))
  return groups.flatMap(({ rules }) => rules)
}

async function readDashboard(): Promise<z.infer<typeof Dashboard>> {
  return Dashboard.parse(JSON.parse(await readFile(join(root, 'ops/grafana/nexus-gateway.json'), 'utf8')))
}

describe.skipIf(!hasProgram('promtool'))('the alerts', () => {
  test('are rules that Prometheus takes', async () => {
    const { stdout } = await execute('promtool', ['check', 'rules', 'nexus-gateway.rules.yaml'], { cwd: alerts })
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/)
  })

  test('fire when they have to, and not before', async () => {
    const { stdout } = await execute('promtool', ['test', 'rules', 'nexus-gateway.test.yaml'], { cwd: alerts })
    expect(stdout).toContain('SUCCESS')
  })
})

test('every alert has a chapter in a runbook, and every chapter an alert', async () => {
  const rules = await readRules()
  const pages = new Map<string, string[]>()
  for (const { alert, annotations } of rules) {
    const [page = '', anchor] = annotations.runbook_url.split('#')
    expect(anchor, alert).toBe(alert.toLowerCase())
    pages.set(page, [...(pages.get(page) ?? []), alert])
  }
  for (const [page, named] of pages) {
    const chapters = [...(await readFile(join(root, page), 'utf8')).matchAll(/^## (.+)$/gm)].map(([, title]) => title)
    expect(chapters).toEqual(named)
  }
})

test('alerts and dashboard ask for metrics that a gateway has', { timeout: 60_000 }, async () => {
  const url = await startGatewayProgram({ GATEWAY_UPSTREAMS: 'a=mock://local' })
  const served = new Set([...(await metricsOf(url)).matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(seriesOf))
  const expressions = [
    ...(await readRules()).map(({ alert, expr }) => ({ of: alert, expr })),
    ...(await readDashboard()).panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ of: title, expr }))),
  ]
  const unknown = expressions.flatMap(({ of, expr }) =>
    [...expr.matchAll(/\b(?:gateway|nodejs|process)_[a-z0-9_]+/g)]
      .filter(([metric]) => !served.has(metric))
      .map(([metric]) => `${of}: ${metric}`),
  )
  expect(unknown).toEqual([])
  expect(served.size).toBeGreaterThan(30)
})

test('the dashboard has its place and names each panel once', async () => {
  const { uid, panels } = await readDashboard()
  expect(uid).toBe('nexus-gateway')
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
})

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}

function seriesOf([, name = '', type]: RegExpExecArray): string[] {
  return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
}
