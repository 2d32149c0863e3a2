import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { CARRY, keysOf } from './scripts.ts'
import { hasRedis, startRedis } from './testing/redis-server.ts'

test.skipIf(!hasRedis)(
  'a window that was lost never gets its old end again, which the next replica would take for kept',
  async () => {
    const redis = await startRedis()
    const client = new Redis(redis.url)
    onTestFinished(() => redis.kill())
    onTestFinished(() => client.disconnect())
    const [seconds] = await client.time()
    const oldEnd = Number(seconds) * 1000 + 600_000

    // Two replicas were granted 5 each in a window with that end. What is left of it by the first one's clock differs
    // by milliseconds from caller to caller, so that for some of them the end falls where it was.
    for (let offset = 0; offset < 100; offset += 1) {
      const [usage] = keysOf(`caller-${offset}`)
      const now = await client.time()
      const left = oldEnd - Number(now[0]) * 1000 - Math.floor(Number(now[1]) / 1000) - (offset % 10)
      for (const replica of ['one', 'other']) {
        await client.eval(CARRY.source, 1, usage, oldEnd, 5, 5, left, 0, 0, 0, 0)
        expect(Number(await client.hget(usage, 'requests')), `after the ${replica}`).toBe(replica === 'one' ? 5 : 10)
      }
    }
  },
)
