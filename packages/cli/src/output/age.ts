const UNITS = [
  { suffix: 'd', seconds: 86_400 },
  { suffix: 'h', seconds: 3600 },
  { suffix: 'm', seconds: 60 },
] as const

/** How long ago `since` (RFC 3339) was, as kubectl's AGE: `12s`, `5m`, `3h`, `7d`; `<unknown>` without a time. */
export function renderAge(since: string | undefined, now: Date): string {
  const started = Date.parse(since ?? '')
  if (Number.isNaN(started)) return '<unknown>'
  const seconds = Math.max(0, Math.floor((now.getTime() - started) / 1000))
  const unit = UNITS.find((candidate) => seconds >= 2 * candidate.seconds)
  return unit === undefined ? `${seconds}s` : `${Math.floor(seconds / unit.seconds)}${unit.suffix}`
}
