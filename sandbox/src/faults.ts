// Faults that a venue can be given while it runs. In: a request as JSON. Out: a checked fault, or a sentence
// that names the field, the value and what is allowed. Invariant: at most one fault of a kind stands on a
// venue; each ends by itself when it has a duration.
import { AssayError } from '@assay/kernel/errors/assay-error';

type FaultKindFacts = {
  describe: string;
  /** Absent: the fault takes no value. */
  value?: { name: string; fallback: number; minimum: number; maximum: number; allowed?: readonly number[] };
};

const DAY_MS = 86_400_000;

export const FAULT_KINDS = {
  latency: {
    describe: 'answers and frames come late, by value ms',
    value: { name: 'delay in ms', fallback: 2_000, minimum: 1, maximum: 60_000 },
  },
  silence: { describe: 'connections stay open, nothing is sent, HTTP never answers' },
  disconnect: { describe: 'sockets are cut and connections refused' },
  '429': {
    describe: 'HTTP answers 429 with Retry-After of value s; new sockets too',
    value: { name: 'Retry-After in s', fallback: 10, minimum: 0, maximum: 86_400 },
  },
  '418': {
    describe: 'HTTP answers 418 (banned for not backing off) with Retry-After of value s; new sockets too',
    value: { name: 'Retry-After in s', fallback: 120, minimum: 0, maximum: 86_400 },
  },
  '5xx': {
    describe: 'HTTP answers with status value and an error page; new sockets too',
    value: { name: 'status', fallback: 503, minimum: 500, maximum: 599 },
  },
  garbage: { describe: 'answers and frames are cut off, HTML, or random bytes' },
  'wrong-price': {
    describe: 'every price is multiplied by value',
    value: { name: 'factor', fallback: 2, minimum: 0.000001, maximum: 1_000_000 },
  },
  stale: { describe: 'what was said before is said again, with its old time' },
  'skewed-clock': {
    describe: "the venue's clock is off by value ms",
    value: { name: 'offset in ms', fallback: -30_000, minimum: -DAY_MS, maximum: DAY_MS },
  },
  refused: {
    describe: 'HTTP and sockets answer with status value: this region is refused',
    value: { name: 'status', fallback: 451, minimum: 403, maximum: 451, allowed: [403, 451] },
  },
} as const satisfies Record<string, FaultKindFacts>;

export type FaultKind = keyof typeof FAULT_KINDS;

export type Fault = {
  kind: FaultKind;
  /** Its meaning depends on the kind; 0 where the kind takes none. */
  value: number;
  /** Absent: until it is cleared. */
  untilMs?: number;
};

export type FaultRequest = { venue: string; kind: FaultKind; value: number; forMs?: number };

/** @throws AssayError RECORD_INVALID naming field, value and allowed values */
export function readFaultRequest(input: unknown, venues: readonly string[]): FaultRequest {
  const body = objectOf(input);
  const venue = oneOf('venue', body.venue, venues);
  const kind = oneOf('kind', body.kind, Object.keys(FAULT_KINDS)) as FaultKind;
  const facts: FaultKindFacts = FAULT_KINDS[kind];
  if (facts.value === undefined && body.value !== undefined) {
    throw invalid('value', body.value, `no value: the fault "${kind}" takes none`);
  }
  const value = facts.value === undefined ? 0 : readValue(facts.value, body.value);
  const forMs = readDuration(body.forMs);
  return { venue, kind, value, ...(forMs === undefined ? {} : { forMs }) };
}

/** @throws AssayError RECORD_INVALID; undefined means: until it is cleared */
export function readDuration(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0 && value <= DAY_MS) return value;
  throw invalid('forMs', value, `a number of milliseconds above 0 and at most ${DAY_MS}`);
}

/** A recorded minute in a sixtieth of a second is as fast as a hundred milliseconds of step can show. */
const SPEED_MAX = 3_600;

/** How many times faster than it was recorded. @throws AssayError RECORD_INVALID */
export function readSpeed(value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= SPEED_MAX) return value;
  throw invalid('speed', value, `a number above 0 and at most ${SPEED_MAX}`);
}

/** @throws AssayError RECORD_INVALID */
export function oneOf<T extends string>(field: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((item) => item === value);
  if (found !== undefined) return found;
  throw invalid(field, value, `one of ${allowed.join(', ')}`);
}

/** @throws AssayError RECORD_INVALID */
export function objectOf(input: unknown): Record<string, unknown> {
  if (input !== null && typeof input === 'object' && !Array.isArray(input)) {
    return input as Record<string, unknown>;
  }
  throw invalid('body', input, 'a JSON object');
}

/** For what is right in itself but means nothing now. */
export function notNow(field: string, value: unknown, why: string): AssayError {
  return new AssayError('RECORD_INVALID', `"${field}" ${JSON.stringify(value)} cannot be set: ${why}`, {
    context: { field, value },
  });
}

function readValue(facts: NonNullable<FaultKindFacts['value']>, value: unknown): number {
  if (value === undefined || value === null) return facts.fallback;
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  const isAllowed =
    isNumber &&
    value >= facts.minimum &&
    value <= facts.maximum &&
    (facts.allowed === undefined || facts.allowed.includes(value));
  if (isAllowed) return value;
  const range = facts.allowed?.join(' or ') ?? `a number from ${facts.minimum} to ${facts.maximum}`;
  throw invalid('value', value, `${facts.name}: ${range}`);
}

function invalid(field: string, value: unknown, allowed: string): AssayError {
  return new AssayError(
    'RECORD_INVALID',
    `"${field}" is ${JSON.stringify(value) ?? 'missing'}; it must be ${allowed}`,
    { context: { field, value } },
  );
}
