// Runs beside a real control plane: our controllers, node agent and key-check stub, as ordinary API clients.
// Arguments: kubeconfig, folder, gateway port. Prints the stub's address when the gateway answers; SIGTERM ends it.
import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SecretText } from '@nexus/core'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import { attachToCluster, startNgcStub } from '@nexus/sandbox'

const [path = '', dir = '', gatewayPort = ''] = process.argv.slice(2)
mkdirSync(dir, { recursive: true })
const log = createWriteStream(join(dir, 'attached.log'))
const config = await loadKubeConfig({ path, env: {} })
const kube = createNodeKubeClient(config)
const stub = await startNgcStub({ port: 0 })
const attached = await attachToCluster({
  kube,
  api: { url: config.server },
  dir,
  gatewayPort: Number(gatewayPort),
  gatewayKey: new SecretText(process.env['NEXUS_TEST_GATEWAY_KEY'] ?? ''),
  controllers: ['kserve', 'pv-provisioner'],
  customResourceDefinitions: false,
  log: (line) => void log.write(`${line}\n`),
  report: (step) => void log.write(`${step}\n`),
})
process.stdout.write(`${stub.url}\n`)
await once(process, 'SIGTERM')
await attached.close()
await kube.close()
await stub.close()
