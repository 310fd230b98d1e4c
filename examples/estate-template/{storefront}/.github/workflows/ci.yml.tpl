name: CI
on: pull_request
permissions:
  contents: read
jobs:
  checks:
    uses: {toolvendor}/workflows/.github/workflows/node.yml@main
    secrets: inherit
  images:
    runs-on: [self-hosted, linux]
    steps:
      - uses: actions/checkout@v5
      - run: docker build .
