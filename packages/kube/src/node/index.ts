export { createNodeKubeClient } from './node-client.ts'
export type { NodeKubeClient, NodeKubeClientOptions } from './node-client.ts'
export type { ClusterAccess, KubeAuth, PluginCredentials } from './cluster-access.ts'
export type { TransportTimeouts } from './undici-transport.ts'
