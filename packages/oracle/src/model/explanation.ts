// "Why this number?": an answer, the decision behind it, its joint check and the source prices they took in,
// put together as JSON for programs (`explain`) and in words for a person at a terminal (`explanationText`).
// Pure: everything that is shown was in the log.
import { type Answer, type PriceRecord, priceRecordOf } from './answer.ts';
import type { Check, CheckRate, Decision, DecisionInput, Verdict } from './decision.ts';
import type { AggregationConfig } from './feed.ts';
import { baseOf, type Pair, quoteOf } from './pair.ts';
import type { SourcePrice } from './source-price.ts';

export type ExplainedSource = {
  source: string;
  name: string;
  pair: Pair;
  /** What the source said, its own digits; null: nothing. */
  quoted: string | null;
  /** The same in the feed's currency. */
  converted: string | null;
  /** The cross that it was converted through; null: direct. */
  via: Pair | null;
  ageMs: number | null;
  /** 1: fresh, fully trusted, converted; direct prices count twice. */
  weight: number;
  confidence: number | null;
  used: boolean;
  verdict: Verdict;
  /** Distance from what the others imply, basis points. */
  residualBps: number | null;
  /** What the others imply for this pair. */
  implied: string | null;
  /** Why it was used or left out, in words. */
  reason: string;
};

export type ExplainedCross = {
  pair: Pair;
  price: string | null;
  low: string | null;
  high: string | null;
  state: CheckRate['state'];
  reason: string;
  sourcesUsed: number;
  /** Whose prices it rests on. */
  venues: string[];
  /** Prices of this currency that the check left out. */
  leftOut: {
    source: string;
    pair: Pair;
    quoted: string | null;
    residualBps: number;
    implied: string | null;
  }[];
};

export type Explanation = PriceRecord & {
  method: string;
  answeredAt: string;
  decision: string;
  check: string | null;
  inputsHash: string;
  causes: string[];
  sources: ExplainedSource[];
  crosses: ExplainedCross[];
  withoutVenue: { venue: string; price: string | null; moveBps: number | null }[];
};

export function explain(
  answer: Answer,
  decision: Decision,
  check: Check | undefined,
  sourcePricesByOffset: ReadonlyMap<number, SourcePrice>,
  config: AggregationConfig,
  nowMs: number,
): Explanation {
  const names = new Map(config.sources.map(({ source, name }) => [source, name]));
  const elapsedMs = Math.max(0, nowMs - decision.at);
  const sources = decision.inputs.map((input) =>
    explainSource(input, {
      feed: answer.feed,
      names,
      elapsedMs,
      price: sourcePricesByOffset.get(input.offset),
    }),
  );
  return {
    ...priceRecordOf(answer, nowMs),
    method: decision.method,
    answeredAt: new Date(answer.answeredAt).toISOString(),
    decision: decision.id,
    check: decision.check,
    inputsHash: answer.inputsHash,
    causes: decision.causes,
    sources,
    crosses: crossesOf(answer.feed, decision, check, sourcePricesByOffset),
    withoutVenue: decision.withoutVenue.map(({ venue, price }) => ({
      venue,
      price,
      moveBps: price === null ? null : moveBps(answer.price, price),
    })),
  };
}

export function explanationText(explanation: Explanation): string {
  const used = explanation.sources.filter((source) => source.used);
  const leftOut = explanation.sources.filter((source) => !source.used);
  const parts = [
    headline(explanation),
    section('Used', used.map(usedLine)),
    section('Left out', leftOut.map(leftOutLine)),
    section('Crosses', explanation.crosses.flatMap(crossLines)),
    section('If one venue were missing', explanation.withoutVenue.map(lossLine)),
    footer(explanation),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function explainSource(
  input: DecisionInput,
  facts: { feed: Pair; names: Map<string, string>; elapsedMs: number; price: SourcePrice | undefined },
): ExplainedSource {
  const from = countedIn(input.pair, facts.feed);
  const feedQuote = quoteOf(facts.feed);
  const quoted = facts.price?.price ?? null;
  return {
    source: input.source,
    name: facts.names.get(input.source) ?? input.source,
    pair: input.pair,
    quoted,
    converted: input.converted ?? null,
    via: from === feedQuote ? null : `${from}/${feedQuote}`,
    ageMs: input.ageMs === undefined ? null : input.ageMs + facts.elapsedMs,
    weight: input.weightPpm / 1_000_000,
    confidence: input.confidence ?? null,
    used: input.verdict === 'used',
    verdict: input.verdict,
    residualBps: input.residualCbps === undefined ? null : bpsOf(input.residualCbps),
    implied: input.implied ?? null,
    reason: reasonOf(input, quoted, facts.feed),
  };
}

/** What a price, or one over it where the pair ends with the feed's base, is counted in. */
function countedIn(pair: Pair, feed: Pair): string {
  return baseOf(pair) === baseOf(feed) ? quoteOf(pair) : baseOf(pair);
}

function reasonOf(input: DecisionInput, quoted: string | null, feed: Pair): string {
  const from = countedIn(input.pair, feed);
  const turned = baseOf(input.pair) === baseOf(feed) ? '' : ', read the other way round';
  switch (input.verdict) {
    case 'used':
      return `${from === quoteOf(feed) ? 'used: a direct price' : `used: converted from ${from}`}${turned}`;
    case 'stale':
      return `stale: its last news was ${seconds(input.ageMs ?? 0)} old, more than this source's own rhythm allows`;
    case 'outlier':
      return outlierReason(input, quoted);
    case 'pending':
      return 'pending: it jumped away from its own last price and waits for the next joint check';
    case 'withdrawn':
      return `withdrawn: ${input.detail ?? 'its prices must not be believed now'}`;
    case 'unconverted':
      return `unconverted: no rate from ${from} to ${quoteOf(feed)} could be found`;
    case 'missing':
      return 'missing: configured, and nothing was heard from it yet';
    case 'unweighted':
      return 'unweighted: its confidence or its age leaves it no weight';
  }
}

/** As people reckon: a price of twice the others is 10,000 bps above them; its logarithm says 6,931. */
function bpsOf(residualCbps: number): number {
  return Math.round(Math.expm1(residualCbps / 1_000_000) * 1_000_000) / 100;
}

function outlierReason(input: DecisionInput, quoted: string | null): string {
  const bps = bpsOf(input.residualCbps ?? 0);
  const direction = bps > 0 ? 'above' : 'below';
  const implied = input.implied === undefined ? '' : ` (${input.implied} ${quoteOf(input.pair)})`;
  const said = quoted === null ? '' : ` it says ${quoted},`;
  return `outlier:${said} ${Math.abs(bps).toFixed(2)} bps ${direction} what the others imply${implied}`;
}

/** The crosses that the feed's prices were converted through, and the feed itself when it is one. */
function crossesOf(
  feed: Pair,
  decision: Decision,
  check: Check | undefined,
  prices: ReadonlyMap<number, SourcePrice>,
): ExplainedCross[] {
  if (check === undefined) return [];
  const currencies = new Set([quoteOf(feed), ...decision.inputs.map((input) => countedIn(input.pair, feed))]);
  const own = new Set(decision.inputs.map((input) => input.offset));
  return check.rates
    .filter((rate) => currencies.has(rate.currency))
    .map((rate) => ({
      pair: `${rate.currency}/USD`,
      price: rate.price ?? null,
      low: rate.low ?? null,
      high: rate.high ?? null,
      state: rate.state,
      reason: rate.reason,
      sourcesUsed: rate.sourcesUsed,
      venues: rate.venues,
      leftOut: check.inputs
        .filter(
          (input) =>
            input.verdict === 'outlier' && !own.has(input.offset) && touches(input.pair, rate.currency),
        )
        .map((input) => ({
          source: input.source,
          pair: input.pair,
          quoted: prices.get(input.offset)?.price ?? null,
          residualBps: bpsOf(input.residualCbps ?? 0),
          implied: input.implied ?? null,
        })),
    }));
}

function touches(pair: Pair, currency: string): boolean {
  return baseOf(pair) === currency || quoteOf(pair) === currency;
}

function moveBps(from: string, to: string): number {
  return Math.round((Number(to) / Number(from) - 1) * 1_000_000) / 100;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function headline(explanation: Explanation): string {
  const { feed, price, low, high, state, stateReason } = explanation;
  const method = METHODS[explanation.method] ?? explanation.method;
  const how = explanation.sourcesUsed === 0 ? '' : `, ${method}`;
  const told = state === 'ok' ? `ok: ${stateReason}` : `${state}: ${stateReason}`;
  return [
    `${feed} is ${price}, between ${low} and ${high}.`,
    `State ${told}.`,
    `${explanation.sourcesUsed} of ${explanation.sourcesConfigured} sources used${how}; ` +
      `news of ${explanation.observedAt}, ${age(explanation.ageMs)} old.`,
  ].join('\n');
}

const METHODS: Record<string, string> = {
  'weighted-median': 'the weighted median of them is the answer',
  median: 'the plain median of them is the answer',
  'trimmed-mean': 'the mean of their central half is the answer',
  vwap: 'weighted by traded volume over the window',
  twap: 'the weighted median averaged over the window',
  'single-source': 'one named source is followed',
};

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function usedLine(source: ExplainedSource): string {
  const converted = source.via === null ? 'direct' : `is ${source.converted} through ${source.via}`;
  const confidence =
    source.confidence === null || source.confidence === 1 ? '' : `, confidence ${source.confidence}`;
  const residual = source.residualBps === null ? '' : `, ${signed(source.residualBps)} bps from the others`;
  return (
    `${source.name} ${source.pair} ${source.quoted ?? '?'}, ${converted}, ${age(source.ageMs ?? 0)} old, ` +
    `weight ${source.weight.toFixed(2)}${confidence}${residual}`
  );
}

function leftOutLine(source: ExplainedSource): string {
  const said = source.quoted === null ? '' : ` ${source.quoted}`;
  return `${source.name} ${source.pair}${said}: ${source.reason}`;
}

function crossLines(cross: ExplainedCross): string[] {
  const rests =
    cross.venues.length === 0 ? 'rests on nothing that was heard' : `rests on ${cross.venues.join(', ')}`;
  const price =
    cross.price === null ? 'has no price' : `is ${cross.price}, between ${cross.low} and ${cross.high}`;
  const state = cross.state === 'ok' ? 'ok' : `${cross.state} (${cross.reason})`;
  const lines = [`${cross.pair} ${price}: ${state}, ${rests}`];
  for (const out of cross.leftOut) {
    const implied = out.implied === null ? '' : ` (${out.implied})`;
    const direction = out.residualBps > 0 ? 'above' : 'below';
    lines.push(
      `  left out: ${out.source} ${out.pair} ${out.quoted ?? ''}, ${Math.abs(out.residualBps).toFixed(2)} bps ` +
        `${direction} what the others imply${implied}`,
    );
  }
  return lines;
}

function lossLine(loss: Explanation['withoutVenue'][number]): string {
  if (loss.price === null) return `without ${loss.venue}: no answer would be left`;
  return `without ${loss.venue}: ${loss.price} (${signed(loss.moveBps ?? 0)} bps)`;
}

function footer(explanation: Explanation): string {
  const check = explanation.check === null ? 'no joint check was needed' : `joint check ${explanation.check}`;
  return (
    `Decision ${explanation.decision}, ${check}, inputs ${explanation.inputsHash}, profile ${explanation.profile}.\n` +
    'It is a live price of this operator alone: nobody else has signed it.'
  );
}

function signed(bps: number): string {
  return `${bps > 0 ? '+' : ''}${bps.toFixed(2)}`;
}

function age(ms: number): string {
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}
