import { configFields, type Field } from './fields.ts'
import { SETTINGS, VARIABLES } from './variables.ts'

const PREFACE = `# Configuration of the gateway

This page is written from the schema: \`npm run golden\` writes it anew.

A value is taken from the environment (\`GATEWAY_*\`), else from the file that \`GATEWAY_CONFIG_FILE\` names (YAML or JSON), else from
the default. Of lists, entries of one name (upstreams), id (models) or key are one entry: the environment replaces an upstream and
amends a model or a key. A variable that is set but empty counts as unset. \`nexus gateway config print --origin\` shows every value and
where it came from, \`nexus gateway config check\` what is wrong.

The file is read again when it changes, and on SIGHUP. A file that is not valid, or empty, changes nothing: it is logged and counted in
\`gateway_config_reload_failures_total\`. \`server\` (but for \`adminToken\`), \`auth.secret\`, \`discovery\` and \`kubernetes\` come into force
at the next start. A mount by \`subPath\` never changes: mount the whole ConfigMap.

Editors find the JSON Schema in [gateway-config.schema.json](../../gateway/schema/gateway-config.schema.json):

\`\`\`yaml
# yaml-language-server: $schema=../gateway/schema/gateway-config.schema.json
apiVersion: gateway.nexus.dev/v1alpha1
kind: GatewayConfig
upstreams:
  - name: vllm
    url: http://model-worker:8001
  - name: sglang
    url: http://sglang-worker:8002
defaultUpstream: vllm
models:
  - id: meta-llama/Meta-Llama-3-8B-Instruct
    aliases: [chat]
    served: { sglang: llama3 }
    route: { strategy: canary, primary: vllm, canary: sglang, percent: 10 }
limits:
  default: { requestsPerWindow: 600 }
\`\`\`

## Variables without a field

| Variable | Default | Meaning |
| --- | --- | --- |
| \`${SETTINGS.file}\` | | The configuration file. |
| \`${SETTINGS.strict}\` | \`false\` | Names of variables that the gateway does not know are errors, not warnings. |
| \`${SETTINGS.dev}\` | \`false\` | Accepts \`dev-key\`, for every project. Without it \`dev-key\` is refused. |
| \`KUBERNETES_SERVICE_HOST\`, \`KUBERNETES_SERVICE_PORT\` | set in pods | The API server, where \`kubernetes.apiUrl\` is unset. |
| \`NEXUS_SERVICE_ACCOUNT_DIR\` | | \`kubernetes.serviceAccountDir\`. |

## How variables are written

- Spans of time in variables are seconds, with up to three decimals; in the file they are milliseconds.
- Lists are separated by \`,\` or \`;\`, or are JSON arrays of strings.
- \`true\`, \`1\`, \`yes\`, \`on\` and \`false\`, \`0\`, \`no\`, \`off\` are booleans. \`none\` means no limit.
- \`GATEWAY_API_KEY_POLICIES\`: \`{"<key>":{"projects":["demo"],"allowed_models":["m"],"rate_limit_per_minute":60}}\`; also
  \`tokens_per_minute\`, \`concurrency\` and \`team\`. A key that only has a policy is a key too.
- \`GATEWAY_UPSTREAMS\`: \`name=url;name=url\`.
- \`GATEWAY_ROUTE_POLICIES\`: \`{"<model>":{"strategy":"canary","primary":"vllm","canary":"sglang","percent":10}}\`, or a \`weighted\` or
  \`direct\` route. A percentage beyond 0 to 100 is cut off, with a warning.
- \`GATEWAY_FALLBACKS\`: \`model=a,b;model2=c\`.
- \`GATEWAY_REQUEST_TIMEOUT_SECONDS\` bounds a whole answer that is not a stream. It used to bound the first byte of a stream as well,
  which is too short where a prompt is long: now it does so only from 600 s on. \`GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS\` says it apart.
- \`GATEWAY_KEYS_SECRET\`: \`name\` or \`namespace/name\`.
`

/** The reference page, from the schema and the table of variables. */
export function renderReference(): string {
  const fields = configFields()
  const defaults = new Set(fields.map(({ path }) => path).filter((path) => path.startsWith('upstreamDefaults.')))
  // An upstream can say everything that can be said of all of them: it is explained there.
  const shown = fields.filter(
    ({ path }) => !path.startsWith('upstreams[].') || !defaults.has(path.replace('upstreams[].', 'upstreamDefaults.')),
  )
  const sections = Map.groupBy(shown, ({ path }) => /^[^.[]*/.exec(path)?.[0] ?? '')
  const single = [...sections.values()].filter((section) => section.length === 1).flat()
  const groups = [...sections].filter(([, section]) => section.length > 1)
  return [
    PREFACE,
    `## Fields at the top\n\n${renderTable(single)}`,
    ...groups.map(([name, section]) => renderSection(name, section)),
  ].join('\n')
}

function renderSection(name: string, [group, ...fields]: readonly Field[]): string {
  const more = name === 'upstreams' ? ' Each can also say everything that `upstreamDefaults` can, for itself.' : ''
  const variables = variablesOf(name)
  const set = variables === '' ? '' : ` Set by ${variables}.`
  return `## ${name}\n\n${group?.description ?? ''}${more}${set}\n\n${renderTable(fields)}`
}

function renderTable(fields: readonly Field[]): string {
  const rows = fields
    .filter(({ isGroup, description, path }) => !isGroup || description !== '' || variablesOf(path) !== '')
    .map(
      (field) =>
        `| ${[`\`${field.path}\``, code(field.type), fallback(field), variablesOf(field.path), text(field)].join(' | ')} |`,
    )
  return ['| Field | Type | Default | Variable | Meaning |', '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n')
}

function variablesOf(path: string): string {
  const names = VARIABLES.filter(({ field }) => field === path).map(({ name }) => `\`${name}\``)
  return [...new Set(names)].join(', ')
}

function fallback(field: Field): string {
  if (field.isRequired) return 'required'
  return field.default === undefined ? '' : code(field.default)
}

function text({ description }: Field): string {
  return description.replaceAll('|', '\\|')
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}
