/**
 * The lines of a body, wherever its chunks were cut, within a line or within a character. A last line without its line
 * break was cut off by the connection and is dropped.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let open = ''
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true })
    let start = 0
    // Only the new text is searched: a line over many chunks is joined once.
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      yield open + text.slice(start, end)
      open = ''
      start = end + 1
    }
    open += text.slice(start)
  }
}
