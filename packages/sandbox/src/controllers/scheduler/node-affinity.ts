import type { Node, NodeSelector, NodeSelectorRequirement, PodSpec } from '@nexus/kube'

/** Whether the node is one that the pod asks for, by labels (`nodeSelector`) and by required affinity. */
export function isWantedNode({ nodeSelector = {}, affinity }: PodSpec, node: Node): boolean {
  const { labels = {} } = node.metadata
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return (
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    (required === undefined || matchesNode(required, node))
  )
}

/** Whether one of the terms holds; a term without any requirement holds nowhere. */
export function matchesNode({ nodeSelectorTerms }: NodeSelector, { metadata }: Node): boolean {
  const { labels = {}, name } = metadata
  return nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) => {
    const isEmpty = matchExpressions.length + matchFields.length === 0
    const isMet =
      matchExpressions.every((requirement) => meets(requirement, labels[requirement.key])) &&
      matchFields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, name))
    return !isEmpty && isMet
  })
}

function meets({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number.parseInt(value, 10) > Number.parseInt(values[0] ?? '', 10)
    case 'Lt':
      return value !== undefined && Number.parseInt(value, 10) < Number.parseInt(values[0] ?? '', 10)
    default:
      return false
  }
}
