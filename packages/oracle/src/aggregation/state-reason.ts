// The state of an answer in one sentence. In: state and machine-readable causes. Out: words; the same causes
// give the same.
import type { AnswerState } from '../model/answer.ts';

export function reasonOf(state: AnswerState, causes: readonly string[], rest: Rest): string {
  if (state === 'ok') return okSentence(rest);
  const reasons = causes.map(phraseOf);
  const lossCount = causes.filter((cause) => cause.startsWith('venue-loss:')).length;
  // Many witnesses of one kind are one reason.
  const shown = lossCount > 1 ? [...new Set(reasons)] : reasons;
  return `${LEADS[state]}: ${shown.join('; ')}`;
}
type Rest = { sources: number; venues: number };

const LEADS: Record<AnswerState, string> = {
  ok: 'ok',
  degraded: 'in doubt',
  stale: 'no fresh price',
  halted: 'held back',
};

export function phraseOf(cause: string): string {
  const [name, detail = ''] = splitOnce(cause);
  switch (name) {
    case 'venues': {
      const [have, want] = detail.split('<');
      return `${have} independent ${have === '1' ? 'venue' : 'venues'} where ${want} are wanted`;
    }
    case 'venue-loss':
      return `without ${detail} the answer would be another or none`;
    case 'removed':
      return 'more than half of the weight disagrees with the rest';
    case 'conversion':
      return `the rate of ${detail} is itself in doubt`;
    case 'move':
      return `a move of ${detail.replace('bps', ' bps')} within a minute waits for confirmation by fresh prices`;
    case 'bounds':
      return `the price is beyond the configured ${detail}`;
    case 'no-source-price':
      return 'no usable source price is left; the last answer stands';
    case 'silent':
      return `nothing usable was heard for more than ${Number(detail.replace('ms', '')) / 1000} s; the last answer stands`;
    default:
      return cause;
  }
}

function splitOnce(cause: string): [string, string?] {
  const at = cause.indexOf(':');
  return at < 0 ? [cause] : [cause.slice(0, at), cause.slice(at + 1)];
}

/** Two counts make one of few sentences, and nearly every answer needs one. */
function okSentence({ sources, venues }: Rest): string {
  const key = sources * 1024 + venues;
  const known = okSentences.get(key);
  if (known !== undefined) return known;
  const words =
    `${sources} ${sources === 1 ? 'source' : 'sources'} of ${venues} ` +
    `${venues === 1 ? 'venue' : 'venues'} agree, and none of them can move the answer alone`;
  if (okSentences.size < SENTENCES_MAX) okSentences.set(key, words);
  return words;
}
const SENTENCES_MAX = 4096;
const okSentences = new Map<number, string>();
