import type { ApiObject } from '../object.ts'
import { numberAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, required } from './cause.ts'

export function validateAutoscaler({ spec }: ApiObject): StatusCause[] {
  const [least, most] = [numberAt(spec, 'minReplicas') ?? 1, numberAt(spec, 'maxReplicas') ?? 0]
  const field = 'spec.maxReplicas'
  const tooFew = most >= 1 && most < least
  const target = 'spec.scaleTargetRef'
  return [
    ...(least < 1 ? [invalidValue('spec.minReplicas', least, 'must be greater than or equal to 1')] : []),
    ...(most < 1 ? [invalidValue(field, most, 'must be greater than 0')] : []),
    ...(tooFew ? [invalidValue(field, most, 'must be greater than or equal to `minReplicas`')] : []),
    ...['kind', 'name'].flatMap((key) => (stringAt(spec, 'scaleTargetRef', key) ? [] : [required(`${target}.${key}`)])),
    ...(stringAt(spec, 'scaleTargetRef', 'apiVersion')
      ? []
      : [invalidValue(`${target}.apiVersion`, '', 'apiVersion must specify API group')]),
  ]
}
