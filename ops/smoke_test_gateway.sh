#!/bin/sh
# Asks a gateway what every application asks: health, models, a chat, a streamed chat.
set -eu

usage() {
  cat <<USAGE
Usage:
  [GATEWAY_URL=URL] [GATEWAY_API_KEY=KEY] [MODEL=MODEL] $(basename "$0")

  GATEWAY_URL      the gateway; without it, the one of the cluster through kubectl port-forward
  GATEWAY_API_KEY  the key (dev-key)
  MODEL            what is asked for (mock-worker)
  NAMESPACE        where the gateway of the cluster is (nexus)
USAGE
}

case ${1:-} in
  '') ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    echo "error: unknown argument: $1" >&2
    usage >&2
    exit 2
    ;;
esac

model=${MODEL:-mock-worker}
work=$(mktemp -d)
forward=
# What was begun is ended, however this ends.
cleanup() {
  [ -z "$forward" ] || kill "$forward" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The key stands in a file of this user, and in no process list.
(
  umask 077
  printf 'header = "X-API-Key: %s"\n' "${GATEWAY_API_KEY:-dev-key}" >"$work/key"
)

fail() {
  echo "FAILED: $1" >&2
  [ ! -s "$work/body" ] || { echo "  $(head -c 400 "$work/body")" >&2; }
  exit 1
}

# ask NAME PATH [BODY]: the answer is in $work/body.
ask() {
  : >"$work/body"
  if [ $# -gt 2 ]; then
    status=$(curl -sS -K "$work/key" -o "$work/body" -w '%{http_code}' -H 'Content-Type: application/json' \
      --max-time 120 -d "$3" "$url$2") || fail "$1: no answer from $url"
  else
    status=$(curl -sS -K "$work/key" -o "$work/body" -w '%{http_code}' --max-time 30 "$url$2") || fail "$1: no answer from $url"
  fi
  [ "$status" = 200 ] || fail "$1: status $status"
  echo "ok: $1"
}

url=${GATEWAY_URL:-}
if [ -z "$url" ]; then
  kubectl port-forward -n "${NAMESPACE:-nexus}" svc/nexus-gateway :80 >"$work/forward" 2>&1 &
  forward=$!
  tries=0
  until port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\).*/\1/p' "$work/forward") && [ -n "$port" ]; do
    tries=$((tries + 1))
    if [ "$tries" -ge 300 ] || ! kill -0 "$forward" 2>/dev/null; then
      cp "$work/forward" "$work/body"
      fail 'kubectl port-forward'
    fi
    sleep 0.1
  done
  url=http://127.0.0.1:$port
fi

ask 'health' /health
ask 'models' /v1/models
chat="\"model\":\"$model\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]"
ask 'chat' /v1/chat/completions "{$chat}"
grep -q '"choices"' "$work/body" || fail 'chat: an answer without choices'
ask 'streamed chat' /v1/chat/completions "{$chat,\"stream\":true}"
grep -q '^data: \[DONE\]' "$work/body" || fail 'streamed chat: it does not end with [DONE]'
