#!/bin/sh
# Builds the gateway's image and pushes it to a registry.
set -eu

usage() {
  cat <<USAGE
Usage:
  IMAGE_REPO=REGISTRY/NAME [IMAGE_TAG=TAG] $(basename "$0") [--dry-run]

  IMAGE_REPO  the image without its tag, for example ghcr.io/your-org/nexus-gateway
  IMAGE_TAG   its tag (latest)
  --dry-run   show the commands and run none
USAGE
}

refuse() {
  echo "error: $1" >&2
  usage >&2
  exit 2
}

run=
for argument in "$@"; do
  case $argument in
    --dry-run) run='echo' ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) refuse "unknown argument: $argument" ;;
  esac
done
[ -n "${IMAGE_REPO:-}" ] || refuse 'IMAGE_REPO is not set.'
image=$IMAGE_REPO:${IMAGE_TAG:-latest}
[ -n "$run" ] || command -v docker >/dev/null || refuse 'there is no docker on the PATH.'

gateway=$(CDPATH='' cd -- "$(dirname -- "$0")/../gateway" && pwd)
echo "Building $image" >&2
$run docker build -t "$image" -f "$gateway/Dockerfile" "$gateway"
echo "Pushing $image" >&2
$run docker push "$image"
echo "To run it: IMAGE_REPO=$IMAGE_REPO IMAGE_TAG=${IMAGE_TAG:-latest} $(dirname "$0")/k8s_set_gateway_image.sh" >&2
