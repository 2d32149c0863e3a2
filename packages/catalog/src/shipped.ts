import type { CatalogModel } from './model.ts'
import { renderCatalogConfigMap, toYaml } from './render.ts'
import { renderNIMTemplate, renderNIMTemplateConfigMap } from './template.ts'

/**
 * The files of `config/nim`, by path below it. The folder `kubernetes` repeats the catalog, because a kustomization may
 * not name a file outside its own folder.
 */
export function shippedFiles(models: readonly CatalogModel[]): Record<string, string> {
  const catalog = renderCatalogConfigMap(models)
  const kustomization = toYaml({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['configmap.yaml', 'servingruntime-template.yaml'],
  })
  return {
    'configmap.yaml': catalog,
    'servingruntime-template.yaml': renderNIMTemplate(),
    'kustomization.yaml': kustomization,
    'kubernetes/configmap.yaml': catalog,
    'kubernetes/servingruntime-template.yaml': renderNIMTemplateConfigMap(),
    'kubernetes/kustomization.yaml': kustomization,
  }
}
