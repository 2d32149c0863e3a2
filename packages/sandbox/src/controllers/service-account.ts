import { isAlreadyExists, Kinds } from '@nexus/kube'
import type { ServiceAccount } from '@nexus/kube'
import { runReconciler, watching } from './runtime/controller.ts'
import type { ControllerContext } from './runtime/controller.ts'
import { isBeingDeleted, keyOf } from './runtime/objects.ts'

/** Gives every namespace the ServiceAccount `default`, and again when it is deleted. */
export async function runServiceAccountController({ informers, kube, ...rest }: ControllerContext): Promise<void> {
  const namespaces = informers.of(Kinds.Namespace)
  const accounts = informers.of(Kinds.ServiceAccount)

  async function reconcile(name: string): Promise<void> {
    const namespace = namespaces.get(name)
    if (namespace === undefined || isBeingDeleted(namespace) || accounts.get('default', name) !== undefined) return
    const wanted: ServiceAccount = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: name },
    }
    await kube.create(wanted).catch((thrown: unknown) => {
      if (!isAlreadyExists(thrown)) throw thrown
    })
  }

  await runReconciler(
    { informers, kube, ...rest },
    {
      name: 'service-account',
      sources: [
        watching(namespaces, (namespace) => [keyOf(namespace)]),
        watching(accounts, ({ metadata }) => [metadata.namespace ?? '']),
      ],
      reconcile,
    },
  )
}
