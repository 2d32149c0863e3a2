// Runs in each program that stands for a pod, before the program (`node --import`). It makes the virtual cluster network
// reachable and ends the program when the agent is gone. Without its variables it changes nothing.

import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { watchLifeline } from './process/lifeline.ts'
import { addressMapReader } from './network/map-file.ts'
import { patchConnect } from './network/patch-connect.ts'
import { patchLookup } from './network/patch-lookup.ts'
import { LIFELINE_VARIABLE, MAP_VARIABLE, NAMESPACE_VARIABLE, POD_IP_VARIABLE } from './network/preload-variables.ts'

const {
  [MAP_VARIABLE]: mapPath,
  [LIFELINE_VARIABLE]: lifeline,
  [NAMESPACE_VARIABLE]: namespace,
  [POD_IP_VARIABLE]: podIP,
} = process.env

if (lifeline !== undefined) watchLifeline(Number(lifeline))
if (mapPath !== undefined) {
  const network = { readMap: addressMapReader(mapPath), namespace: namespace ?? 'default', podIP }
  patchConnect(network)
  patchLookup(dns, network)
  syncBuiltinESMExports()
}
