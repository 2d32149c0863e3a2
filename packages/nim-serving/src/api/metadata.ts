// Labels and annotations that several kinds of a NIM deployment carry.

/** Shown in the dashboard's lists. Never on a Secret: with `MANAGED_LABEL` it would pass for a data connection. */
export const DASHBOARD_LABEL = 'opendatahub.io/dashboard'
export const MANAGED_LABEL = 'opendatahub.io/managed'

export const DISPLAY_NAME_ANNOTATION = 'openshift.io/display-name'
export const DESCRIPTION_ANNOTATION = 'openshift.io/description'

/** The last four characters of the key in a Secret, so that no interface reads the Secret's data. */
export const KEY_HINT_ANNOTATION = 'nexus.dev/key-hint'
/** Who gave the key. */
export const KEY_SET_BY_ANNOTATION = 'nexus.dev/key-set-by'

/**
 * Names the call that created an object. When a server's answer to a create is lost, it tells our object from one that
 * somebody else made in the same second.
 */
export const DEPLOY_ID_ANNOTATION = 'nexus.dev/deploy-id'

/** Puts a PVC first where a dashboard offers PVCs for models. */
export const PVC_ANNOTATION = 'dashboard.opendatahub.io/nim-pvc'

/** The folder of a PVC that holds the weights, where a dashboard offers PVCs for models. */
export const SUB_PATH_ANNOTATION = 'dashboard.opendatahub.io/nim-subpath'

/** On a PVC: when it was last resized through a deployment, RFC 3339. Other dashboards write it, too. */
export const FORCE_REDEPLOY_ANNOTATION = 'runtimes.opendatahub.io/force-redeploy'
