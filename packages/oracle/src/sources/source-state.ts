// One word and one sentence for how a source is. In: the facts. Out: its state and why, with what happens
// next. Invariant: the gravest fact that holds names the state, and the sentence never says less than the
// state.
import type { SourceState } from '../model/source-status.ts';

export type SourceFacts = {
  name: string;
  deniedBecause: string | undefined;
  /** The venue's words, when every transport that is wanted was refused. */
  refusedBecause: string | undefined;
  /** One transport refused, the other not. */
  partlyRefused: string | undefined;
  quarantine: { until: number; reason: string } | undefined;
  isStandby: boolean;
  standbyReason: string;
  /** The venue told us when to come back. */
  heldUntil: number | undefined;
  /** The breaker is open until then. */
  openUntil: number | undefined;
  wasHeard: boolean;
  pairsLive: number;
  pairsWanted: number;
  /** Left out each for itself. */
  pairsQuarantined: number;
  /** What lowers its confidence most is what the others say. */
  isContradicted: boolean;
  isStreamWanted: boolean;
  isStreamUp: boolean;
  isPolling: boolean;
  band: 'good' | 'degraded' | 'bad';
  confidence: number;
  lastError: string | undefined;
};

export function stateOf(facts: SourceFacts): { state: SourceState; sentence: string } {
  const { name } = facts;
  const because = facts.lastError === undefined ? '' : `: ${facts.lastError}`;
  if (facts.deniedBecause !== undefined) {
    return { state: 'denied', sentence: `${name} is on the denylist: ${facts.deniedBecause}.` };
  }
  if (facts.refusedBecause !== undefined) {
    const sentence = `${name} refuses us: ${facts.refusedBecause}. It is asked again once a day, or when allowed again.`;
    return { state: 'refused', sentence };
  }
  if (facts.quarantine !== undefined) {
    const { reason, until } = facts.quarantine;
    return { state: 'quarantined', sentence: `${name} is left out until ${timeOf(until)}: ${reason}.` };
  }
  if (facts.isStandby)
    return { state: 'standby', sentence: `${name} is not needed now: ${facts.standbyReason}.` };
  if (facts.pairsLive === 0) return notLive(facts, because);
  return live(facts, because);
}

function notLive(facts: SourceFacts, because: string): { state: SourceState; sentence: string } {
  const { name } = facts;
  if (facts.heldUntil !== undefined) {
    const sentence = `${name} asked us to wait until ${timeOf(facts.heldUntil)}${because}.`;
    return { state: 'rate-limited', sentence };
  }
  if (facts.openUntil !== undefined) {
    const sentence = `${name} failed too often; tried again at ${timeOf(facts.openUntil)}${because}.`;
    return { state: 'unreachable', sentence };
  }
  if (facts.wasHeard) {
    return { state: 'silent', sentence: `${name} gave prices and gives none now${because}.` };
  }
  if (facts.lastError !== undefined) {
    return { state: 'unreachable', sentence: `${name} has not given a price yet${because}.` };
  }
  return { state: 'connecting', sentence: `${name} was asked; no price has come yet.` };
}

function live(facts: SourceFacts, because: string): { state: SourceState; sentence: string } {
  const { name, pairsLive, pairsWanted } = facts;
  const missing: string[] = [];
  if (facts.partlyRefused !== undefined) missing.push(`refused in part: ${facts.partlyRefused}`);
  if (facts.heldUntil !== undefined) missing.push(`asked us to wait until ${timeOf(facts.heldUntil)}`);
  if (facts.isStreamWanted && !facts.isStreamUp) missing.push('the stream is down, polling instead');
  const { pairsQuarantined } = facts;
  if (pairsLive < pairsWanted) {
    const leftOut = pairsQuarantined === 0 ? '' : `, ${pairsQuarantined} of them left out by us for a time`;
    missing.push(`${pairsWanted - pairsLive} of ${pairsWanted} pairs without a price${leftOut}`);
  }
  const doubt = facts.isContradicted ? ': its prices disagree with what the other sources imply' : because;
  if (facts.band !== 'good') missing.push(`confidence ${facts.confidence.toFixed(3)}${doubt}`);
  const way = facts.isStreamUp ? (facts.isPolling ? 'stream and polls' : 'stream') : 'polls';
  if (missing.length === 0) {
    return { state: 'live', sentence: `${name} gives ${pairsLive} pairs by ${way}.` };
  }
  return {
    state: 'degraded',
    sentence: `${name} gives ${pairsLive} pairs by ${way}; ${missing.join('; ')}.`,
  };
}

function timeOf(at: number): string {
  return Number.isFinite(at) ? `${new Date(at).toISOString().slice(11, 19)} UTC` : 'it is released';
}
