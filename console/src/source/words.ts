// Sources in words and order: what their states are called, which need a look first, and figures that follow
// from what the API says. Pure.
import type { HealthParts, Source } from '../api/records.ts';
import { clockText } from '../show/text.ts';

const WORDS: Record<string, string> = {
  denied: 'isolated',
  'rate-limited': 'told to wait',
};

/** What people call the state. */
export function wordOf(state: string): string {
  return WORDS[state] ?? state;
}

const UTC_TIME = /\d\d:\d\d:\d\d UTC/;

/** Why it is so and what happens next; when it is tried again in the reader's own time. */
export function sentenceOf({ sentence, retryAt }: Source): string {
  if (typeof retryAt !== 'number') return sentence;
  const at = clockText(retryAt);
  return UTC_TIME.test(sentence) ? sentence.replace(UTC_TIME, at) : `${sentence} Tried again at ${at}.`;
}

/** What needs a look comes first. */
const URGENCY: readonly string[] = [
  ...['unreachable', 'refused', 'silent', 'quarantined', 'rate-limited', 'unknown', 'denied'],
  ...['degraded', 'connecting', 'live', 'standby'],
];

export function urgencyOf({ state }: Source): number {
  const at = URGENCY.indexOf(state);
  return at < 0 ? 0 : at;
}

/** What is as it should be needs no sentence beside its word. */
export function isWell({ state }: Source): boolean {
  return state === 'live' || state === 'standby';
}

export function byUrgency(a: Source, b: Source): number {
  return (
    urgencyOf(a) - urgencyOf(b) || (a.confidence ?? 1) - (b.confidence ?? 1) || a.name.localeCompare(b.name)
  );
}

/** Until when it or some of its pairs are left out by ourselves, ms. */
export function quarantineOf({
  state,
  retryAt,
  pairs = [],
}: Source): { until: number; pairs: number } | undefined {
  const until = pairs.flatMap(({ quarantinedUntil }) => quarantinedUntil ?? []);
  if (state === 'quarantined' && typeof retryAt === 'number') return { until: retryAt, pairs: pairs.length };
  return until.length === 0 ? undefined : { until: Math.max(...until), pairs: until.length };
}

/** Of everything that came since the adapters were started, the share that was an error. */
export function errorShareOf({ counts }: Source): number | undefined {
  if (counts === undefined || counts.errors + counts.published === 0) return undefined;
  return counts.errors / (counts.errors + counts.published);
}

export function shareText(share: number | undefined): string {
  if (share === undefined) return '–';
  if (share === 0) return '0 %';
  return share < 0.0005 ? '< 0.1 %' : `${(share * 100).toFixed(1)} %`;
}

export function msText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}

export type Action = 'isolate' | 'return';

export const ACTIONS: Record<Action, { verb: string; doing: string }> = {
  isolate: { verb: 'Isolate', doing: 'is being isolated' },
  return: { verb: 'Return', doing: 'is being taken back' },
};

/**
 * Returning forgets an isolation, a refusal, a quarantine, a wait: without one there is nothing to return.
 */
const RETURNABLE: readonly string[] = ['denied', 'refused', 'quarantined', 'rate-limited'];

export function commandsFor(source: Source): Action[] {
  const mayReturn = RETURNABLE.includes(source.state) || quarantineOf(source) !== undefined;
  return [
    ...(source.state === 'denied' ? [] : (['isolate'] as const)),
    ...(mayReturn ? (['return'] as const) : []),
  ];
}

export const PARTS: readonly { id: keyof HealthParts; title: string; says: string }[] = [
  { id: 'latency', title: 'Response time', says: 'full up to 0.4 s, half at about 2.5 s' },
  { id: 'freshness', title: 'Freshness', says: 'its newest price is as new as it should be' },
  { id: 'success', title: 'Success', says: 'what it sends can be read' },
  { id: 'agreement', title: 'Agreement', says: 'it says what the others imply' },
];
