import { Redis } from 'ioredis'

settleStrings()

export { Redis }

/**
 * ioredis 6 extends String. To V8 that makes `String.prototype` an object that is still being changed, of which
 * compiled code can assume nothing: every string method of the process takes up to seven times as long, and a request to
 * the gateway a third longer. A few uses through a String object tell it that nothing changes any more.
 */
function settleStrings(): void {
  const object = new String('x')
  for (let use = 0; use < 100; use++) object.charCodeAt(0)
}
