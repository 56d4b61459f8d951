// What the API tells administrators of the installation itself.
export type Process = {
  id: string;
  host: string;
  pid: number;
  version: string;
  services: string[];
  startedAt: string;
  seenAt: string;
  state: 'running' | 'gone';
  memoryBytes: number;
  eventLoopP99Ms: number;
  cpuShare: number;
  readLag: { ms: number; topic: string } | null;
};

export type Topic = {
  topic: string;
  records: number;
  perSecond: number;
  newestAgeMs: number | null;
  partitions: { partition: number; firstOffset: number; nextOffset: number }[];
};

export type LogLine = {
  id: number;
  at: number;
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  fields: Record<string, string>;
};

export type Environment = {
  name: string;
  url: string;
  isThis: boolean;
  state: 'ready' | 'not-ready' | 'refused' | 'unreachable';
  detail: string;
  since: string;
  askedAt: string;
  version: string | null;
  profile: string | null;
  feedsFresh: number | null;
  feedsConfigured: number | null;
  newestAgeMs: number | null;
  durationMs: number | null;
};

export type SandboxFault = { kind: string; value: number; until?: string };
export type SandboxVenue = { id: string; name: string; faults: SandboxFault[] };
export type SandboxState = {
  regime: string;
  regimes: string[];
  regimeUntil?: string;
};
export type FaultKind = { kind: string; describe: string };
