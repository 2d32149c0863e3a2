// Runs after every install, with the Node that npm scripts will use: the pinned one where its platform package
// installed, the host's otherwise. Below 22.18 Node cannot strip types, so nothing here would start.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Nexus needs Node 22.18 or newer; npm scripts here run on ${process.version}.\n` +
      'The pinned Node comes as an optional dependency: install again without --omit=optional, or install Node 26.',
  )
  process.exit(1)
}
