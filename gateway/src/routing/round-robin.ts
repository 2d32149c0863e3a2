/** Takes turns among equal targets, per model. */
export class RoundRobin {
  readonly #turns = new Map<string, number>()

  /**
   * One of `targets`, the next one at every call. Only models with a choice are remembered, and those exist: a client
   * cannot grow this map.
   *
   * @throws RangeError for no targets
   */
  pick<T>(model: string, targets: readonly T[]): T {
    const turn = this.#turns.get(model) ?? 0
    if (targets.length > 1) this.#turns.set(model, (turn + 1) % targets.length)
    const picked = targets[turn] ?? targets[0]
    if (picked === undefined) throw new RangeError('There is no target to pick from')
    return picked
  }
}
