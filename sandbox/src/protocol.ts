// What a sandbox venue is: the wire protocol of one real venue as an object without sockets, timers or a
// clock of its own.
// In: HTTP requests, connections, messages and news, each with the venue's time. Out: answers, and frames
// through `connection.send`. Invariant: everything a client can see has the field names, value kinds and
// texts of the real venue, because this is the proof that the real adapters work.
import type { Board, Row } from './board.ts';

export type VenueRequest = {
  method: string;
  /** Without the query, with a leading slash. */
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
};

export type VenueResponse = {
  status: number;
  headers?: Record<string, string>;
  body: string;
};

export interface VenueConnection {
  /** Path and query of the handshake, for venues that take subscriptions in the address. */
  readonly path: string;
  readonly query: URLSearchParams;
  send(frame: string): void;
  close(code: number, reason: string): void;
}

export interface VenueProtocol {
  /** `nowMs` is the venue's own clock everywhere, which may be wrong and may jump. */
  http(request: VenueRequest, nowMs: number): VenueResponse;
  connect(connection: VenueConnection, nowMs: number): void;
  message(connection: VenueConnection, text: string, nowMs: number): void;
  disconnect(connection: VenueConnection): void;
  /** Pushes what happened since the last call: rows that traded, and what is due by the time it has run. */
  advance(step: VenueStep): void;
}

export type VenueStep = {
  nowMs: number;
  /** Since the venue began; never jumps, for everything that repeats. */
  uptimeMs: number;
  traded: readonly Row[];
};

export type VenueDefinition = {
  /** Equals the id of the adapter. */
  id: string;
  name: string;
  /** Path of each endpoint of the adapter, by role: what stands behind host and port in its base address. */
  paths: Partial<Record<'rest' | 'stream', string>>;
  /** Whether a handshake at this path is taken; otherwise it is answered with 404. */
  hasStreamAt?(path: string): boolean;
  /** How its text frames stand on the wire, where that is not as texts. */
  encode?(frame: string): Uint8Array;
  /** The venue sends a protocol-level ping this often. */
  pingEveryMs?: number;
  create(board: Board): VenueProtocol;
};

/** For venues without a socket. */
export const NO_STREAM: Pick<VenueProtocol, 'connect' | 'message' | 'disconnect'> = {
  connect() {},
  message() {},
  disconnect() {},
};

export function jsonResponse(
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): VenueResponse {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** A message as an object, or undefined when it is no JSON object. */
export function readMessage(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The texts of a list, or of one text standing alone; anything else is left out. */
export function textsOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter((item): item is string => typeof item === 'string');
}
