name: Refresh
on: workflow_dispatch
permissions: {}
jobs:
  refresh:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - uses: google-github-actions/auth@v3
        with:
          workload_identity_provider: projects/000000000000/locations/global/workloadIdentityPools/ci/providers/github
          service_account: {insights}-refresh@{company}-data.iam.gserviceaccount.com
