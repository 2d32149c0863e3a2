import { Option } from 'commander'
import type { Command } from 'commander'
import type { ControllersFlags } from './commands/sandbox-controllers.ts'
import type { NodeFlags } from './commands/sandbox-node.ts'
import { parseGpus } from './node-flags.ts'
import type { Shell } from './shell.ts'

/**
 * `nexus sandbox …`: parts of the sandbox beside another API server. The kubeconfig has to be named: a node that runs mocks
 * must not come to a cluster by accident.
 */
export function addSandboxPartCommands(program: Command, shell: Shell): void {
  const sandbox = program.command('sandbox').description('parts of the sandbox, for another Kubernetes API server')
  ofCluster(sandbox.command('node'))
    .description('add a node whose pods are processes of this machine, until interrupted; for clusters for trying out')
    .option('--name <name>', 'the name of the node', 'nexus-node-0')
    .option('--gpus <gpus>', 'its GPUs: 8, 4:L40S (default: 8)', parseGpus)
    .option('--dir <dir>', 'the files of its pods (default: beside the sandbox, under its name)')
    .addHelpText('after', '\nExample:\n  $ nexus sandbox node --kubeconfig other.yaml --gpus 4:L40S')
    .action(async (flags: NodeFlags) => (await import('./commands/sandbox-node.ts')).sandboxNode(flags, shell))
  ofCluster(sandbox.command('controllers'))
    .description('run the controllers, until interrupted, for an API server that has none or not all of them')
    .addOption(
      new Option('--only <names>', 'these, with commas between, e.g. kserve,pv-provisioner (default: all)').argParser(
        (text) => text.split(','),
      ),
    )
    .option('--dir <dir>', 'the files of its volumes (default: beside the sandbox)')
    .addHelpText(
      'after',
      '\nExample:\n  $ nexus sandbox controllers --kubeconfig other.yaml --only kserve,pv-provisioner',
    )
    .action(async (flags: ControllersFlags) =>
      (await import('./commands/sandbox-controllers.ts')).sandboxControllers(flags, shell),
    )
}

function ofCluster(command: Command): Command {
  return command
    .requiredOption('--kubeconfig <file>', 'the cluster')
    .option('--context <name>', 'a context of the kubeconfig')
}
