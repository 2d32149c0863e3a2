import { expect, test } from 'vitest'
import { parseServerMetrics } from './server-metrics.ts'

test.each([
  ['vLLM', 'vllm:num_requests_running{model_name="m"} 3.0\nvllm:num_requests_waiting{model_name="m"} 4.0\n'],
  ['NIM', 'num_requests_running{model_name="m"} 3.0\nnum_requests_waiting{model_name="m"} 4.0\n'],
  ['SGLang', 'sglang:num_running_reqs{model_name="m"} 3.0\nsglang:num_queue_reqs{model_name="m"} 4.0\n'],
  ['TensorRT-LLM', 'trtllm_num_requests_running 3\ntrtllm_num_requests_waiting 4'],
  [
    'several engines',
    'vllm:num_requests_running{engine="0"} 1\nvllm:num_requests_running{engine="1"} 2\nvllm:num_requests_waiting{engine="0"} 4',
  ],
  [
    'comments, times and odd labels',
    [
      '# HELP vllm:num_requests_running Number of requests.',
      '# TYPE vllm:num_requests_running gauge',
      'vllm:num_requests_running{model_name="a } 9 \\" {"} 3.0 1700000000000',
      'vllm:num_requests_running_total 50',
      'vllm:num_requests_waiting\t4',
      'vllm:time_to_first_token_seconds_bucket{le="0.1"} 7 # {trace_id="x"} 0.05',
    ].join('\r\n'),
  ],
])('reads the load of %s', (_name, text) => {
  expect(parseServerMetrics(text)).toEqual({ running: 3, waiting: 4 })
})

test('reads a server that does not queue', () => {
  expect(parseServerMetrics('num_requests_running 2')).toEqual({ running: 2, waiting: 0 })
})

test.each([
  ['nothing', ''],
  ['other metrics', 'process_cpu_seconds_total 5\nprocess_num_requests_running 9\n'],
  ['a page', '<html><body>num_requests_running</body></html>'],
  ['only a comment', '# TYPE num_requests_running gauge'],
])('finds no load in %s', (_name, text) => {
  expect(parseServerMetrics(text)).toBeUndefined()
})

test.each(['NaN', '+Inf', '-3', 'x', ''])('counts %j as nothing', (value) => {
  expect(parseServerMetrics(`num_requests_running ${value}\nnum_requests_waiting 1`)).toEqual({
    running: 0,
    waiting: 1,
  })
})
