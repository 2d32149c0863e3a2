/**
 * `text` with each `$(NAME)` replaced by the variable of that name, as Kubernetes expands `env`, `command` and `args`:
 * unknown names stay as they are, `$$(NAME)` is the literal `$(NAME)`.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (whole: string, name: string | undefined) => {
    if (name === undefined) return '$'
    return variables.get(name) ?? whole
  })
}
