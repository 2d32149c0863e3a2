import type { ApiObject } from './object.ts'

/** Fills in what a client left out. */
export function applyDefaults(_object: ApiObject): void {}
