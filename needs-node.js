// Plain JavaScript, preloaded by the npm scripts, so that an older Node gets one line and not a syntax error.
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `Reeve needs Node.js 24 or newer, and this is ${process.versions.node}: install a newer one. On Linux, \`npm ci\` brings one that the npm scripts use`,
  )
  process.exit(1)
}
