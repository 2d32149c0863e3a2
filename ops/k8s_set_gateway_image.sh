#!/bin/sh
# Rolls the gateway of a cluster out with another image, and waits until that serves.
set -eu

usage() {
  cat <<USAGE
Usage:
  IMAGE_REPO=REGISTRY/NAME [IMAGE_TAG=TAG] [NAMESPACE=NAMESPACE] $(basename "$0") [--dry-run]

  IMAGE_REPO       the image without its tag, for example ghcr.io/your-org/nexus-gateway
  IMAGE_TAG        its tag (latest)
  NAMESPACE        where the gateway is (nexus)
  ROLLOUT_TIMEOUT  how long it waits for the new pods (15m)
  --dry-run        let the cluster check it, and change nothing
USAGE
}

refuse() {
  echo "error: $1" >&2
  usage >&2
  exit 2
}

dry_run=
for argument in "$@"; do
  case $argument in
    --dry-run) dry_run=--dry-run=server ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) refuse "unknown argument: $argument" ;;
  esac
done
[ -n "${IMAGE_REPO:-}" ] || refuse 'IMAGE_REPO is not set.'
command -v kubectl >/dev/null || refuse 'there is no kubectl on the PATH.'
image=$IMAGE_REPO:${IMAGE_TAG:-latest}
namespace=${NAMESPACE:-nexus}

said=$(kubectl set image -n "$namespace" deployment/nexus-gateway "gateway=$image" ${dry_run:+"$dry_run"})
if [ -n "$said" ]; then
  echo "$said"
else
  # A tag that moved is no change for Kubernetes, and nodes do not pull again what they have.
  echo "The gateway has $image already, so nothing is rolled out. An image that changed needs a tag of its own." >&2
fi
[ -z "$dry_run" ] || exit 0
if ! kubectl rollout status -n "$namespace" deployment/nexus-gateway --timeout="${ROLLOUT_TIMEOUT:-15m}"; then
  echo "error: the gateway does not get ready with $image. The old pods go on to serve." >&2
  echo "  Why:  kubectl describe pods -n $namespace -l app=nexus-gateway" >&2
  echo "  Back: kubectl rollout undo -n $namespace deployment/nexus-gateway" >&2
  exit 5
fi
