name: Deploy
on:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@v5
      - uses: aws-actions/configure-aws-credentials@e3dd6a429d7300a6a4c196c26e071d42e0343502
        with:
          role-to-assume: arn:aws:iam::000000000000:role/{orders}-deploy
          aws-region: eu-central-1
      - run: ./deploy.sh
  announce:
    needs: deploy
    runs-on: ubuntu-latest
    permissions: {}
    steps:
      - uses: {chatvendor}/post-message@v2
        with:
          webhook: ${{ secrets.CHAT_WEBHOOK }}
