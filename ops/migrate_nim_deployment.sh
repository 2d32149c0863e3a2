#!/bin/sh
# Moves a NIM deployment from the Secrets that its namespace shares to Secrets of its own. See docs/guides/migration.md.
set -eu

usage() {
  cat <<USAGE
Usage:
  $(basename "$0") -n NAMESPACE -d DEPLOYMENT (-k API_KEY | --reuse-key) [--dry-run]
  $(basename "$0") -n NAMESPACE --cleanup [--dry-run]

  -n, --namespace NAMESPACE    the namespace of the deployment
  -d, --deployment DEPLOYMENT  the deployment to migrate
  -k, --api-key API_KEY        a personal NVIDIA API key (nvapi-...); "-" reads it from standard input
      --reuse-key              reuse the key that the deployment has; it must be a personal key
      --cleanup                delete the shared Secrets, where nothing uses them any more
      --dry-run                show what would be done and change nothing
  -h, --help                   show this text
USAGE
}

refuse() {
  echo "error: $1" >&2
  usage >&2
  exit 1
}

need_value() {
  [ "$1" -gt 1 ] || refuse "$2 needs a value."
}

namespace='' deployment='' key='' reuse='' cleanup='' dry_run=''
while [ $# -gt 0 ]; do
  case $1 in
    -n | --namespace)
      need_value $# "$1"
      namespace=$2
      shift
      ;;
    -d | --deployment)
      need_value $# "$1"
      deployment=$2
      shift
      ;;
    -k | --api-key)
      need_value $# "$1"
      key=$2
      shift
      ;;
    --reuse-key) reuse=yes ;;
    --cleanup) cleanup=yes ;;
    --dry-run) dry_run=--dry-run ;;
    -h | --help)
      usage
      exit 1
      ;;
    *) refuse "unknown option: $1" ;;
  esac
  shift
done

[ -n "$namespace" ] || refuse 'a namespace is needed: -n NAMESPACE'
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
nexus=${NEXUS_BIN:-$here/../packages/cli/bin/nexus}

if [ -n "$cleanup" ]; then
  # Whoever calls the script with --cleanup has decided; what is still used stays all the same.
  exec "$nexus" migrate -n "$namespace" --cleanup --yes ${dry_run:+"$dry_run"}
fi

[ -n "$deployment" ] || refuse 'a deployment is needed: -d DEPLOYMENT'
[ -z "$key" ] || [ -z "$reuse" ] || refuse 'give -k or --reuse-key, not both.'
if [ -n "$reuse" ]; then
  exec "$nexus" migrate -n "$namespace" -d "$deployment" --reuse-key ${dry_run:+"$dry_run"}
fi
[ -n "$key" ] || refuse 'a key is needed: -k API_KEY or --reuse-key'
if [ "$key" = - ]; then
  exec "$nexus" migrate -n "$namespace" -d "$deployment" --api-key-stdin ${dry_run:+"$dry_run"}
fi
echo 'warning: a key after -k shows in the process list and the history of the shell; "-k -" reads it from standard input.' >&2
# printf is part of the shell: the key is in no process list from here on.
printf '%s\n' "$key" | "$nexus" migrate -n "$namespace" -d "$deployment" --api-key-stdin ${dry_run:+"$dry_run"}
