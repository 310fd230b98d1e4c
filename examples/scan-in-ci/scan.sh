#!/usr/bin/env bash
# Scans for CI: SARIF for the code host, Markdown for the run's page, and the exit code of the scan.
set -euo pipefail
reeve=(${REEVE_PROGRAM:-npx --yes "$CLI"})
if [ -n "${SALT:-}" ]; then
  export REEVE_CONFIG="$RUNNER_TEMP/reeve"
  mkdir -p "$REEVE_CONFIG"
  (umask 077 && printf '%s\n' "$SALT" > "$REEVE_CONFIG/scan-salt")
fi
flags=()
if [ -n "${BASELINE:-}" ]; then flags+=(--baseline "$BASELINE"); fi
sarif="$RUNNER_TEMP/reeve-scan.sarif"
"${reeve[@]}" scan "$SCAN_PATH" "${flags[@]}" --format sarif > "$sarif"
echo "sarif=$sarif" >> "$GITHUB_OUTPUT"
"${reeve[@]}" scan "$SCAN_PATH" "${flags[@]}" --format markdown --fail-on "$FAIL_ON" >> "$GITHUB_STEP_SUMMARY"
