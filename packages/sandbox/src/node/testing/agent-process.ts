// A node agent in a process of its own, for tests that kill it: `agent-process.ts <api url> <dir> <node name>`, the token in
// the environment. Says "ready" when its node runs pods.

import { createNodeKubeClient } from '@nexus/kube/node'
import { startNodeAgent } from '../agent.ts'
import { toolImages } from '../launch/tool-images.ts'
import { accessTo } from './api-servers.ts'
import { testProgram } from './test-program.ts'

const [url = '', dir = '', nodeName = ''] = process.argv.slice(2)
const kube = createNodeKubeClient(accessTo({ url, token: process.env['TEST_TOKEN'] ?? '' }))
await startNodeAgent({
  kube,
  api: { url },
  dir,
  nodes: [{ name: nodeName }],
  log: () => {},
  programs: [testProgram, ...toolImages()],
})
process.stdout.write('ready\n')
