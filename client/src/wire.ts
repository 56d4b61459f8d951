// What the server sends, as types. Decimals are texts with all their digits, times are ISO 8601 with
// milliseconds. Fields may be added by a newer server; none of these goes away within /v1.

export type PriceState = 'ok' | 'degraded' | 'stale' | 'halted';

/** One price, the same at every door. */
export type Price = {
  feed: string;
  kind: 'live' | 'final';
  price: string;
  low: string;
  high: string;
  state: PriceState;
  /** A sentence. */
  stateReason: string;
  observedAt: string;
  ageMs: number;
  round: number | null;
  sourcesUsed: number;
  sourcesConfigured: number;
  /** 0 to 1. */
  confidence: number;
  signatures: number;
  quorum: number;
  /** `sandbox` prices are simulated. */
  profile: string;
};

/** The shape of `GET /v1/prices/BTC`; `price_usd` with all its digits. */
export type FoundingPrice = { symbol: string; price_usd: string; timestamp: string; source: string };

/** What one source said itself. */
export type OwnPrice = {
  feed: string;
  source: string;
  name: string;
  pair: string;
  price: string;
  isConverted: boolean;
  observedAt: string;
  ageMs: number;
  profile: string | null;
};

export type PricePage = { prices: Price[]; nextCursor: string | null };

export const CANDLE_INTERVALS = ['1m', '5m', '1h', '1d'] as const;
export type CandleInterval = (typeof CANDLE_INTERVALS)[number];

export type Candle = {
  feed: string;
  startAt: string;
  interval: CandleInterval;
  open: string;
  high: string;
  low: string;
  close: string;
  count: number;
};
export type CandlePage = { candles: Candle[]; nextCursor: string | null };

export type ExplainedSource = {
  source: string;
  name: string;
  pair: string;
  quoted: string | null;
  converted: string | null;
  via: string | null;
  ageMs: number | null;
  weight: number;
  confidence: number | null;
  used: boolean;
  verdict: string;
  residualBps: number | null;
  implied: string | null;
  reason: string;
};

export type ExplainedCross = {
  pair: string;
  price: string | null;
  low: string | null;
  high: string | null;
  state: string;
  reason: string;
  sourcesUsed: number;
  venues: string[];
  leftOut: {
    source: string;
    pair: string;
    quoted: string | null;
    residualBps: number;
    implied: string | null;
  }[];
};

export type Explanation = Price & {
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

/** A source and how it does; a source that has not reported yet has only the first six. */
export type Source = {
  source: string;
  name: string;
  venue: string;
  kind: string;
  state: string;
  sentence: string;
  confidence?: number;
  band?: 'good' | 'degraded' | 'bad';
  breaker?: string;
  /** What the confidence is made of. */
  parts?: { latency: number; freshness: number; success: number; agreement: number };
  latencyMs?: number | null;
  latencyP50Ms?: number | null;
  latencyP99Ms?: number | null;
  pairsConfigured?: number;
  pairsLive?: number;
  [more: string]: unknown;
};

export type Feed = {
  feed: string;
  decimals: number;
  heartbeatMs: number;
  deviationThresholdPpb: number;
  method: string;
  minimumVenues: number;
  staleAfterMs: number;
  sources: { source: string; pair: string; weight: number }[];
  [more: string]: unknown;
};

export type Status = {
  status: 'ok' | 'failing';
  isReady: boolean;
  reason: string;
  profile: string;
  startedAt: string;
  newestAgeMs: number | null;
  [more: string]: unknown;
};

export type SubmissionStatus = 'accepted' | 'rejected' | 'used' | 'outlier' | 'unused';

export type Submission = {
  id: string;
  symbol: string;
  price_usd: string;
  timestamp: string;
  submitted_by: string;
  feed: string;
  status: SubmissionStatus;
  detail: string;
  receivedAt: string;
  events: { at: string; status: SubmissionStatus; detail: string }[];
};
export type SubmissionPage = { submissions: Submission[]; nextCursor: string | null };

export type NewSubmission = {
  /** "BTC", or a feed "BTC/USD". */
  symbol: string;
  /** Decimal text; it reaches the server with exactly these digits. */
  price_usd: string;
  /** When the price was seen; default now. */
  timestamp?: string | Date;
  submitted_by: string;
};

export type AskedSource = {
  source: string;
  status: 'waiting' | 'answered' | 'failed' | 'late';
  at: string | null;
  detail: string;
};

export type PriceRequest = {
  id: string;
  feed: string;
  status: 'pending' | 'complete' | 'partial' | 'failed';
  detail: string;
  requestedAt: string;
  deadlineAt: string;
  completedAt: string | null;
  sourcesAsked: number;
  sourcesAnswered: number;
  sources: AskedSource[];
  price: Price | null;
};

export type Ticket = { ticket: string; expiresAt: string };
