import type { Kind, KubeObject } from '@nexus/kube'
import { z } from 'zod'

/** Names the profile an InferenceService was sized by. OpenShift AI's webhook reads them. */
export const HARDWARE_PROFILE_ANNOTATIONS = {
  name: 'opendatahub.io/hardware-profile-name',
  namespace: 'opendatahub.io/hardware-profile-namespace',
  resourceVersion: 'opendatahub.io/hardware-profile-resource-version',
} as const

/** The Kueue queue of a workload. Kueue, `constants.QueueLabel`. */
export const QUEUE_LABEL = 'kueue.x-k8s.io/queue-name'

const Count = z.union([z.string(), z.number()])
/** A size and a place for workloads, made by an admin; fields it does not know are dropped. */
export const HardwareProfileSpec = z.object({
  identifiers: z
    .array(
      z.object({
        displayName: z.string().default(''),
        identifier: z.string(),
        defaultCount: Count,
        minCount: Count,
        maxCount: Count.exactOptional(),
      }),
    )
    .default([]),
  scheduling: z
    .object({
      type: z.enum(['Queue', 'Node']),
      kueue: z.object({ localQueueName: z.string() }).exactOptional(),
      node: z
        .object({
          nodeSelector: z.record(z.string(), z.string()).exactOptional(),
          tolerations: z
            .array(
              z.object({
                key: z.string().exactOptional(),
                operator: z.enum(['Exists', 'Equal']).exactOptional(),
                value: z.string().exactOptional(),
                effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).exactOptional(),
                tolerationSeconds: z.number().exactOptional(),
              }),
            )
            .exactOptional(),
        })
        .exactOptional(),
    })
    .exactOptional(),
})
export type HardwareProfileSpec = z.output<typeof HardwareProfileSpec>

/** One resource of a profile: how much of it a workload gets, and between which bounds. */
export type HardwareIdentifier = HardwareProfileSpec['identifiers'][number]

/** A profile as an object of the cluster, on OpenShift AI and Open Data Hub. */
export interface HardwareProfile extends KubeObject {
  spec: HardwareProfileSpec
}

export const HardwareProfileKind: Kind<HardwareProfile> = {
  apiVersion: 'infrastructure.opendatahub.io/v1alpha1',
  kind: 'HardwareProfile',
  plural: 'hardwareprofiles',
  namespaced: true,
}
