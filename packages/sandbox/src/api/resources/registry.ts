import type { ApiObject } from '../object.ts'
import { builtinResources } from './builtin.ts'
import { resourcesOfDefinition } from './custom.ts'
import type { Resource } from './resource.ts'

/** Every resource that is served now: the built-in ones and those of the stored CustomResourceDefinitions. */
export class ResourceRegistry {
  #resources: readonly Resource[] = builtinResources
  readonly #byDefinition = new Map<string, Resource[]>()

  all(): readonly Resource[] {
    return this.#resources
  }

  /** The resource at `/apis/<group>/<version>/<plural>`. */
  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#resources.find((one) => one.plural === plural && one.group === group && one.version === version)
  }

  /** The built-in or custom resource that keeps its objects under `storageKey`, in the version it keeps them in. */
  stored(storageKey: string): Resource | undefined {
    const versions = this.#resources.filter((one) => one.storageKey === storageKey)
    return versions.find((one) => one.apiVersion === one.storageVersion) ?? versions[0]
  }

  /** Serves what a CustomResourceDefinition asks for, from now on. */
  define(definition: ApiObject): void {
    this.#byDefinition.set(definition.metadata.name, resourcesOfDefinition(definition))
    this.#collect()
  }

  /** Stops serving what a CustomResourceDefinition brought. */
  forget(definitionName: string): void {
    this.#byDefinition.delete(definitionName)
    this.#collect()
  }

  #collect(): void {
    this.#resources = [...builtinResources, ...[...this.#byDefinition.values()].flat()]
  }
}
