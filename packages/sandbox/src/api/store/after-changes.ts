/**
 * A function that plans work for the moment after the change under way has reached every listener: a write in the middle
 * would overtake it. Nobody waits for the work, so what it throws goes to `onFault`.
 */
export function afterChanges(onFault: (error: unknown) => void): (work: () => void) => void {
  return (work) =>
    queueMicrotask(() => {
      try {
        work()
      } catch (error) {
        onFault(error)
      }
    })
}
