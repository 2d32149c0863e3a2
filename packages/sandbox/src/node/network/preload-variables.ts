/** Path of the file with the address map. */
export const MAP_VARIABLE = 'NEXUS_ADDRESS_MAP'
/** File descriptor of the pipe that closes when the agent is gone. */
export const LIFELINE_VARIABLE = 'NEXUS_LIFELINE_FD'
/** Namespace of the pod, in which short Service names are looked up. */
export const NAMESPACE_VARIABLE = 'NEXUS_POD_NAMESPACE'
/** Address of the pod, whose own ports stand behind `localhost`. */
export const POD_IP_VARIABLE = 'NEXUS_POD_IP'
