import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test asks for the control planes of this run; undefined: none can be started here. */
    readonly controlPlanes: string | undefined
  }
}

/** Whether a control plane can be started here, by {@link sharedControlPlane} or by the test itself. */
export function hasControlPlane(): boolean {
  return inject('controlPlanes') !== undefined
}

/**
 * The kubeconfig of a control plane that all tests of a run share, with KServe's definitions and with or without Kubernetes'
 * own controllers; started when the first test asks for it. A test works in namespaces of its own and starts no controller
 * here: one that looks at the whole cluster wants a control plane of its own.
 */
export async function sharedControlPlane({ controllers }: { readonly controllers: boolean }): Promise<string> {
  const url = inject('controlPlanes')
  if (url === undefined) throw new Error('No control plane can be started here')
  const answer = await fetch(`${url}/${controllers ? 'with' : 'without'}-controllers`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`The shared control plane did not start: ${text}`)
  return text
}
