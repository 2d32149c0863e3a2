/** A volume of a pod cannot be prepared, for now. The message is the kubelet's. */
export class MountError extends Error {
  override readonly name = 'MountError'

  constructor(volume: string, why: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${why}`)
  }
}
