import { keyOfService, type EndpointSlice } from './endpoint-slices.ts'
import type { ListSink } from './list-watch.ts'

/** The EndpointSlices that one list-watch sees, by Service. */
export class SliceDirectory implements ListSink<EndpointSlice> {
  readonly #byService = new Map<string, Map<string, EndpointSlice>>()
  readonly #onChange: () => void

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** The slices of a Service, given as `<namespace>/<name>`. */
  of(service: string): readonly EndpointSlice[] {
    return [...(this.#byService.get(service)?.values() ?? [])]
  }

  replace(slices: readonly EndpointSlice[]): void {
    this.#byService.clear()
    for (const slice of slices) this.#put(slice)
    this.#onChange()
  }

  set(slice: EndpointSlice): void {
    this.#put(slice)
    this.#onChange()
  }

  delete({ namespace, service, name }: EndpointSlice): void {
    const key = keyOfService({ namespace, name: service })
    const slices = this.#byService.get(key)
    slices?.delete(name)
    if (slices?.size === 0) this.#byService.delete(key)
    this.#onChange()
  }

  #put(slice: EndpointSlice): void {
    const key = keyOfService({ namespace: slice.namespace, name: slice.service })
    const slices = this.#byService.get(key)
    if (slices === undefined) this.#byService.set(key, new Map([[slice.name, slice]]))
    else slices.set(slice.name, slice)
  }
}
