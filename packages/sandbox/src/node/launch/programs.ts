import { join } from 'node:path'
import { repositoryPath } from '../../repository.ts'
import { toolImages } from './tool-images.ts'
import type { ToolImage } from './tool-images.ts'

/** A program of this machine that stands for an image, whatever command the image has, and how to tell it where to listen. */
export interface Program {
  /** Shown as the image's id: `sandbox://mock-worker`. */
  readonly name: string
  /** Matches the image with its tag. */
  readonly image: RegExp
  readonly command: readonly [string, ...string[]]
  /** Variables by which the program is told where to bind. */
  readonly hostVariable: string
  readonly portVariable: string
  /** The variable in the pod that names the port the pod listens on, and the port without it. */
  readonly containerPort: { readonly variable: string; readonly default: number }
  /** Variables that name further ports the program listens on, in pods that set them. */
  readonly furtherPortVariables?: readonly string[] | undefined
  /** The container's `args` follow the program's own. Default false: they belong to the image that this one stands for. */
  readonly takesArgs?: boolean | undefined
  /** Further variables, from the image. */
  readonly env?: ((image: string) => Record<string, string>) | undefined
}

/** What can run for an image: a program that stands for it, or its own command by tools of this machine. */
export type ImageProgram = Program | ToolImage

/** The image table of this repository: which program runs for which image. */
export function repositoryPrograms(root: string = repositoryPath()): ImageProgram[] {
  const worker = join(root, 'serving/mock-worker/bin/nexus-model-worker')
  return [
    {
      name: 'mock-worker-nim',
      // `nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4`, and the same below the host of any mirror.
      image: /^[^/]+\/(?:.+\/)?nim\/[^/]+\/[^/]+$/,
      command: [worker],
      hostVariable: 'HOST',
      portVariable: 'PORT',
      containerPort: { variable: 'NIM_SERVER_PORT', default: 8000 },
      env: (image) => ({ WORKER_DRESS: 'nim', WORKER_IMAGE: image }),
    },
    {
      name: 'gateway',
      image: /(?:^|\/)nexus-gateway(?::|@|$)/,
      command: [join(root, 'gateway/bin/nexus-gateway')],
      hostVariable: 'GATEWAY_HOST',
      portVariable: 'GATEWAY_PORT',
      containerPort: { variable: 'GATEWAY_PORT', default: 8000 },
      furtherPortVariables: ['GATEWAY_ADMIN_PORT'],
      // On one machine Services know in milliseconds that a pod goes: nobody needs to wait for them.
      env: () => ({ GATEWAY_PRE_STOP_SECONDS: '0.2' }),
    },
    {
      name: 'mock-worker',
      image: /(?:^|\/)nexus-model-worker(?::|@|$)/,
      command: [worker],
      hostVariable: 'HOST',
      portVariable: 'PORT',
      containerPort: { variable: 'PORT', default: 8001 },
    },
    ...toolImages(),
  ]
}

/** The program that stands for `image`, or undefined. */
export function programFor(image: string, programs: readonly ImageProgram[]): ImageProgram | undefined {
  return programs.find((program) => program.image.test(image))
}

/** Why an image cannot run here, for a person who reads the pod's status. */
export function noProgramMessage(image: string): string {
  return (
    `the sandbox has no program for image "${image}": it runs nvcr.io/nim/<org>/<model>:<tag> (a mock of the model), ` +
    'nexus-gateway, nexus-model-worker, and commands of busybox, alpine, curl, kubectl and redis by programs of this machine'
  )
}
