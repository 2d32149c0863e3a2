/** What the servers call the requests that they work on, without the prefix of their family. */
const RUNNING = new Set(['num_requests_running', 'num_running_reqs'])
/** The same for those that wait. */
const WAITING = new Set(['num_requests_waiting', 'num_queue_reqs'])

/**
 * Reads from the Prometheus text of a model server how many requests it runs and queues, summed over all labels: vLLM
 * (`vllm:num_requests_running`), NIM (the same without a prefix), SGLang (`sglang:num_running_reqs`) and TensorRT-LLM
 * (`trtllm_num_requests_running`). Undefined for a text without any of these.
 */
export function parseServerMetrics(text: string): { running: number; waiting: number } | undefined {
  let isKnown = false
  const load = { running: 0, waiting: 0 }
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const name = nameAt(text, start, end)
    const field = RUNNING.has(name) ? 'running' : WAITING.has(name) ? 'waiting' : undefined
    if (field !== undefined) {
      load[field] += valueIn(text.slice(start, end))
      isKnown = true
    }
    start = end + 1
  }
  return isKnown ? load : undefined
}

/** The name of the sample in a line; empty for a comment. */
function nameAt(text: string, start: number, end: number): string {
  let from = start
  for (let at = start; at < end; at++) {
    const character = text[at]
    if (character === '#') return ''
    if (character === ':') from = at + 1
    if (character === '{' || character === ' ' || character === '\t') return withoutPrefix(text.slice(from, at))
  }
  return ''
}

function withoutPrefix(name: string): string {
  return name.startsWith('trtllm_') ? name.slice('trtllm_'.length) : name
}

/** The value follows the labels, and a time may follow the value. What is no amount counts for nothing. */
function valueIn(line: string): number {
  const labelsEnd = line.lastIndexOf('}')
  const rest = labelsEnd === -1 ? line.slice(line.search(/\s/)) : line.slice(labelsEnd + 1)
  const value = Number(rest.trim().split(/\s/, 1)[0])
  return Number.isFinite(value) && value > 0 ? value : 0
}
