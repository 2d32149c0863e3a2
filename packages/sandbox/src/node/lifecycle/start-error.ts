/** The command of a container cannot be started: it ends at once, as where the image does not have the program. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
