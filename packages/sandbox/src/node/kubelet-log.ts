import type { ServerResponse } from 'node:http'
import { readLogLines } from './logs/container-log.ts'
import type { ContainerView } from './lifecycle/container-view.ts'
import { refuse } from './kubelet-refusal.ts'
import { selectLines } from './logs/log-line.ts'
import type { LogLine } from './logs/log-line.ts'
import type { LogRequest } from './logs/log-request.ts'
import type { PodWorker } from './pod-worker.ts'

/** A reader that does not read is cut when this much waits for it: more than the files of a run can hold. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024

/** Answers with the log of a container as it stands, and with what comes after where the request follows it. */
export function sendLog(request: LogRequest, worker: PodWorker, response: ServerResponse): void {
  const { container, pod, previous } = request
  const view = worker.view(container)
  if (view === undefined) return refuse(response, 404, `container "${container}" in pod "${pod}" not found`)
  // A container whose program could not be started has ended without a word.
  const silent = view.state.phase === 'exited' && !previous ? [] : undefined
  const lines = readLogLines(worker.logPath(container, previous)) ?? silent
  if (lines === undefined && previous) {
    return refuse(response, 400, `previous terminated container "${container}" in pod "${pod}" not found`)
  }
  if (lines === undefined) {
    return refuse(response, 400, `container "${container}" in pod "${pod}" is waiting to start: ${whyItWaits(view)}`)
  }
  const send = lineSender(request, response)
  for (const line of selectLines(lines, request)) send(line)
  const running = request.follow && !previous ? worker.runningLog(container) : undefined
  if (running === undefined) {
    response.end()
    return
  }
  // A header at once: whoever follows a silent program sees that the log is open.
  response.flushHeaders()
  const stop = running.follow(send, () => response.end())
  response.on('close', stop)
}

function lineSender(
  { timestamps, limitBytes = Number.POSITIVE_INFINITY }: LogRequest,
  response: ServerResponse,
): (line: LogLine) => void {
  let bytesLeft = limitBytes
  let within = false
  response.setHeader('content-type', 'text/plain')
  return ({ time, text, partial }) => {
    if (bytesLeft <= 0) return
    const stamp = timestamps && !within ? `${time} ` : ''
    within = partial === true
    const bytes = Buffer.from(`${stamp}${text}${partial === true ? '' : '\n'}`, 'latin1').subarray(0, bytesLeft)
    bytesLeft -= bytes.length
    response.write(bytes)
    if (bytesLeft <= 0) response.end()
    if (response.writableLength > MAX_PENDING_BYTES) response.destroy()
  }
}

/** The kubelet's words. */
function whyItWaits({ state }: ContainerView): string {
  if (state.phase !== 'waiting') return 'ContainerCreating'
  if (state.reason === 'ErrImagePull') return "image can't be pulled"
  return state.reason === 'ImagePullBackOff' ? 'trying and failing to pull image' : state.reason
}
