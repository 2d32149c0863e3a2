import type { Container, Pod } from '@nexus/kube'
import { prepareBase } from './launch-base.ts'
import type { Launch, LaunchPlace } from './launch-base.ts'
import type { PodContext } from '../pod-context.ts'
import type { ImageProgram } from './programs.ts'
import { prepareStandIn } from './stand-in-launch.ts'
import { prepareTool } from './tool-launch.ts'

/**
 * Works out how to start what stands for a container's image.
 *
 * @throws ConfigError where a variable refers to something that is not there
 * @throws StartError where the container's command is none that this machine runs
 */
export async function prepareLaunch(
  context: PodContext,
  pod: Pod,
  { container, program }: { container: Container; program: ImageProgram },
  place: LaunchPlace,
): Promise<Launch> {
  const base = await prepareBase(context, pod, container, place)
  return 'entrypoint' in program ? prepareTool(base, program) : prepareStandIn(base, program)
}
