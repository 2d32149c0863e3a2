/** A cluster that the cases run on: reached by its kubeconfig and its gateway, whatever is behind them. */
export interface TestCluster {
  readonly kubeconfig: string
  readonly gatewayUrl: string
  readonly gatewayKey: string
  /** The variables with which `nexus` and kubectl find it; an empty home, so that nothing else is found. */
  readonly env: Record<string, string>
  stop(): Promise<void>
}
