name: Triage
on: pull_request_target
jobs:
  label:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - run: ./label.sh "${{ github.event.pull_request.title }}"
        env:
          BOARD_TOKEN: ${{ secrets.BOARD_TOKEN }}
