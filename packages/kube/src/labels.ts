/** `matchLabels` and `matchExpressions` as Deployments, PVCs and policies carry them (meta/v1 LabelSelector). */
export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: LabelRequirement[]
}

export interface LabelRequirement {
  key: string
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  values?: string[]
}

/**
 * Whether `labels` satisfy all of `selector`, a `LabelSelector` or the plain map of a Service. An empty selector matches
 * everything.
 */
export function matchesLabels(
  selector: LabelSelector | Record<string, string>,
  labels: Record<string, string> = {},
): boolean {
  if (!isLabelSelector(selector)) return hasLabels(selector, labels)
  return (
    hasLabels(selector.matchLabels ?? {}, labels) &&
    (selector.matchExpressions ?? []).every((requirement) => satisfies(requirement, labels))
  )
}

/** A map's values are texts, a selector's are not: a label may be called "matchLabels". */
function isLabelSelector(selector: LabelSelector | Record<string, string>): selector is LabelSelector {
  return typeof selector['matchLabels'] === 'object' || Array.isArray(selector['matchExpressions'])
}

function hasLabels(wanted: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value)
}

/** As in k8s.io/apimachinery `labels.Requirement.Matches`: NotIn holds where the label is missing. */
function satisfies({ key, operator, values = [] }: LabelRequirement, labels: Record<string, string>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return operator satisfies never
  }
}
