// A state as a dot and a word: shape and word go with the colour, always. In: a state's name as the API says
// it.
import type { ReactNode } from 'react';

/** How bad it is decides colour and shape. */
export type Tone = 'ok' | 'warn' | 'idle' | 'critical';

/** Every word for a state in the API. A word that is not here is shown in grey. */
const TONES: Record<string, Tone> = {
  ok: 'ok',
  live: 'ok',
  ready: 'ok',
  good: 'ok',
  closed: 'ok',
  complete: 'ok',
  used: 'ok',
  accepted: 'ok',
  active: 'ok',
  degraded: 'warn',
  fair: 'warn',
  'half-open': 'warn',
  partial: 'warn',
  pending: 'warn',
  outlier: 'warn',
  quarantined: 'warn',
  silent: 'warn',
  'rate-limited': 'warn',
  connecting: 'warn',
  poor: 'warn',
  stale: 'idle',
  standby: 'idle',
  unknown: 'idle',
  missing: 'idle',
  unused: 'idle',
  idle: 'idle',
  expired: 'idle',
  halted: 'critical',
  down: 'critical',
  refused: 'critical',
  isolated: 'critical',
  denied: 'critical',
  unreachable: 'critical',
  open: 'critical',
  failed: 'critical',
  rejected: 'critical',
  revoked: 'critical',
  bad: 'critical',
};

export function toneOf(state: string): Tone {
  return TONES[state.toLowerCase()] ?? 'idle';
}

const COLOURS: Record<Tone, string> = {
  ok: 'text-ok',
  warn: 'text-warn',
  idle: 'text-muted',
  critical: 'text-critical',
};

/** The class for words of that tone. */
export function toneClass(tone: Tone): string {
  return COLOURS[tone];
}

/** Disc, triangle, ring, square: they differ without colour, too. */
export function Dot({ tone }: { tone: Tone }): ReactNode {
  return (
    <svg viewBox="0 0 10 10" className={`inline-block size-2.5 shrink-0 ${COLOURS[tone]}`} aria-hidden="true">
      {tone === 'ok' && <circle cx="5" cy="5" r="3.2" fill="currentColor" />}
      {tone === 'warn' && <path d="M5 1 9.4 9H.6Z" fill="currentColor" />}
      {tone === 'idle' && (
        <circle cx="5" cy="5" r="3.2" fill="none" stroke="currentColor" strokeWidth="1.6" />
      )}
      {tone === 'critical' && <rect x="1.2" y="1.2" width="7.6" height="7.6" rx="1" fill="currentColor" />}
    </svg>
  );
}

/** Dot and word. Words of what is well stay neutral: only what needs a look is coloured. */
export function StateDot({
  state,
  word,
  tone = toneOf(state),
}: {
  state: string;
  word?: string;
  tone?: Tone;
}): ReactNode {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <Dot tone={tone} />
      <span className={tone === 'ok' ? '' : COLOURS[tone]}>{word ?? state}</span>
    </span>
  );
}
