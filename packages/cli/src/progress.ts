import type { ProgressEvent, ResourceName } from '@nexus/nim-serving'
import type { Shell } from './shell.ts'

export interface ProgressOptions {
  /** Who answered the key check: a sandbox's stub says so. */
  readonly keyCheckedBy?: string
}

/** Tells a person on stderr what a deploy or delete does, each step when it has happened. */
export function progressReport(shell: Shell, options: ProgressOptions = {}): (event: ProgressEvent) => void {
  return (event) => shell.talk(`  ${renderProgress(event, options)}`)
}

function renderProgress(event: ProgressEvent, { keyCheckedBy = 'NVIDIA' }: ProgressOptions): string {
  switch (event.type) {
    case 'key-checked':
      return `key accepted by ${keyCheckedBy}`
    case 'key-check-skipped':
      return 'key check skipped'
    case 'template-read':
      return `runtime template read from project ${event.namespace}`
    case 'checked':
      return `the server accepts ${objects(event.resources.length)} (dry run)`
    case 'reused':
      return `${nameOf(event.resource)} is there already`
    case 'created':
      return `${nameOf(event.resource)} created`
    case 'changed':
      return `${nameOf(event.resource)} changed`
    case 'restarted':
      return `${nameOf(event.resource)} was stopped and starts again`
    case 'owned':
      return `${nameOf(event.resource)} now goes with the InferenceService`
    case 'rolling-back':
      return `failed, taking back what was created: ${event.because}`
    case 'removed':
      return `${nameOf(event.resource)} removed`
    case 'kept':
      return `${nameOf(event.resource)} kept: ${event.because}`
    default:
      return event satisfies never
  }
}

function objects(count: number): string {
  return count === 1 ? '1 object' : `${count} objects`
}

function nameOf({ kind, name }: ResourceName): string {
  return `${kind} ${name}`
}
