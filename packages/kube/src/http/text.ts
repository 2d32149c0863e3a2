/** All of a body as text. */
export async function readText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}

/**
 * The lines of a body, wherever its chunks were cut, within a line or within a character. What follows the last line break
 * is a line where `last` says `keep`; `drop` is for protocols in which it is one that the connection cut off.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, last: 'keep' | 'drop'): AsyncGenerator<string> {
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
  open += decoder.decode()
  if (last === 'keep' && open !== '') yield open
}
