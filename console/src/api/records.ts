// What the API answers, as far as the console reads it. The meaning of every field stands in the reference
// (`/openapi.json`, the guide).
export type Feed = {
  feed: string;
  decimals: number;
  heartbeatMs: number;
  deviationThresholdPpb: number;
  method: string;
  minimumVenues: number;
  outlierFloorBps: number;
  maximumMoveBps: number;
  staleAfterMs: number;
  sources: { source: string; pair: string; weight: number }[];
};

export type SourcePair = {
  pair: string;
  isLive: boolean;
  confidence: number | null;
  ageMs: number | null;
  price: string | null;
  quarantinedUntil: number | null;
};

/** Figures are absent until the source has reported for the first time. */
export type Source = {
  source: string;
  name: string;
  venue: string;
  kind: string;
  state: string;
  sentence: string;
  at?: number;
  transport?: string;
  pairsConfigured?: number;
  pairsLive?: number;
  confidence?: number | null;
  band?: string;
  parts?: HealthParts;
  latencyMs?: number | null;
  latencyP50Ms?: number | null;
  latencyP99Ms?: number | null;
  breaker?: string;
  skewMs?: number | null;
  machineSkewMs?: number | null;
  lastError?: { code: string; message: string; at: number } | null;
  retryAt?: number | null;
  limits?: SourceLimits;
  counts?: SourceCounts;
  pairs?: SourcePair[];
};

/** What the confidence is made of, each 0 to 1; of one pair they multiply to it. */
export type HealthParts = { latency: number; freshness: number; success: number; agreement: number };

export type SourceLimits = {
  requests: { count: number; windowMs: number; used: number };
  credits: { count: number; periodMs: number; used: number; endsAt: number } | null;
  pollIntervalMs: number | null;
};

/** Since the adapters were started. */
export type SourceCounts = {
  published: number;
  rejected: number;
  errors: number;
  reconnects: number;
  sequenceGaps: number;
  withdrawals: number;
  quarantines: number;
};

export type HealthPoint = {
  at: string;
  state: string;
  confidence: number;
  parts: HealthParts | null;
  band: string;
  breaker: string;
  transport: string;
  latencyMs: number | null;
  latencyP50Ms: number | null;
  latencyP99Ms: number | null;
  pairsLive: number;
  pairsConfigured: number;
  errors: number;
  reconnects: number;
};

export type PastHealth = { source: string; from: string; to: string; points: HealthPoint[] };

export type SourceFrame = {
  at: string;
  transport: 'stream' | 'poll';
  status: number | null;
  size: number;
  text: string;
};
export type SourceFrames = { source: string; at: string | null; frames: SourceFrame[] };

export type Status = {
  status: string;
  isReady: boolean;
  reason: string;
  profile: string;
  feeds: {
    configured: number;
    fresh: number;
    ok: number;
    degraded: number;
    stale: number;
    halted: number;
    missing: number;
  };
  notFresh: { feed: string; state: string; reason: string }[];
  newestAgeMs: number | null;
  sources: { configured: number; down: { source: string; state: string; sentence: string }[] };
  version: string;
  startedAt: string;
  position: string;
  streamClients: number;
  graphqlClients: number;
};
