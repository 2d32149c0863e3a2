/** What differs from run to run, and what stands for it. Nothing else may differ between two clusters. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, '<uid>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [/\w{3}(?:, \d\d)? \w{3}(?: +\d+)? (?:\d{4} )?\d\d:\d\d:\d\d(?: [+-]\d{4}| \d{4})/g, '<time>'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000 UTC/g, '<time>'],
  // The names of ReplicaSets and pods: letters and digits that spell no words.
  [/-[bcdfghjklmnpqrstvwxz2456789]{6,10}\b/g, '-<hash>'],
  [/(<hash>|-restore|-once)-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '$1-<id>'],
  [/(pod-template-hash=)[bcdfghjklmnpqrstvwxz2456789]+/g, '$1<hash>'],
  [/(endpointslice\S*\/[\w-]+)-[a-z\d]{5}\b/g, '$1-<id>'],
  [/\b10\.(?:96|244)\.\d+\.\d+\b/g, '<ip>'],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>'],
  [/(resourceVersion: "?)\d+/g, '$1<version>'],
  [/(?<=\s)(?<!cpu:\s*|--timeout )(?:<invalid>|(?:\d+[smhd])+)(?=\s|$)/gm, '<age>'],
  // How many events there are, and which were gathered, is a matter of time.
  [/^Events:\n {2}Type.*\n {2}----.*\n(?: {2}\S.*\n?)*/gm, 'Events: <events>\n'],
  // The width of a column follows its widest cell.
  [/(\S) {2,}(?=\S)/g, '$1   '],
  [/ +(?=\t|$)/gm, ''],
]

/** The text of a transcript without what differs from run to run. */
export function normalise(text: string): string {
  return VOLATILE.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)
}
