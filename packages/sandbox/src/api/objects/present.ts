import type { ApiObject } from '../object.ts'
import type { Resource } from '../resources/resource.ts'

/** A stored object as the resource's own version shows it. Versions differ in name only: conversion strategy None. */
export function present(object: ApiObject, resource: Resource): ApiObject {
  return object.apiVersion === resource.apiVersion ? object : { ...object, apiVersion: resource.apiVersion }
}

/** An object of the resource's version as it is kept. */
export function toStorage(object: ApiObject, resource: Resource): ApiObject {
  return object.apiVersion === resource.storageVersion ? object : { ...object, apiVersion: resource.storageVersion }
}
