// One venue with its faults: what stands between the wire and the protocol object. In: requests, handshakes,
// messages, time.
// Out: what the wire shall do. No sockets and no clock, so that the same host runs behind a real server and
//   in virtual time.
// Invariant: a fault changes only what its description says, and ends at its time by itself.
import type { Random } from '@assay/kernel/random/random';
import type { Board, Row } from './board.ts';
import { FAULT_KINDS, type Fault, type FaultKind } from './faults.ts';
import type {
  VenueConnection,
  VenueDefinition,
  VenueProtocol,
  VenueRequest,
  VenueResponse,
} from './protocol.ts';
import { refusalResponse } from './refusals.ts';

/** A socket as the wire hands it in. */
export interface RawConnection {
  readonly path: string;
  readonly query: URLSearchParams;
  send(frame: string | Uint8Array): void;
  ping(): void;
  close(code: number, reason: string): void;
  /** Ends without a word. */
  cut(): void;
}

export type WireAction =
  | { kind: 'answer'; response: VenueResponse; delayMs: number }
  /** Only for handshakes: take it. */
  | { kind: 'accept'; delayMs: number }
  /** Never answer; the connection stays. */
  | { kind: 'hang' }
  /** Close the connection without an answer. */
  | { kind: 'cut' };

type Held = { dueMs: number; frame: string | Uint8Array };
type Link = { raw: RawConnection; connection: VenueConnection; held: Held[]; pingedAt: number };

/**
 * A late frame is held back at most this often per connection; then the connection is cut, as a full buffer
 * would.
 */
const HELD_MAX = 20_000;

export class VenueHost {
  readonly definition: VenueDefinition;
  readonly board: Board;
  readonly #protocol: VenueProtocol;
  readonly #random: Random;
  readonly #links = new Map<RawConnection, Link>();
  readonly #faults = new Map<FaultKind, Fault>();
  readonly #startMs: number;
  #nowMs: number;
  requestCount = 0;
  frameCount = 0;

  constructor(options: { definition: VenueDefinition; board: Board; random: Random; nowMs: number }) {
    this.definition = options.definition;
    this.board = options.board;
    this.#random = options.random;
    this.#protocol = options.definition.create(options.board);
    this.#startMs = options.nowMs;
    this.#nowMs = options.nowMs;
  }

  get faults(): Fault[] {
    return [...this.#faults.values()];
  }

  get connectionCount(): number {
    return this.#links.size;
  }

  setFault(fault: Fault): void {
    this.#faults.set(fault.kind, fault);
    this.#applyToBoard();
    if (fault.kind === 'disconnect') this.#endAll((raw) => raw.cut());
    if (fault.kind === 'refused') this.#endAll((raw) => raw.close(1008, 'restricted location'));
    if (fault.kind === '5xx') this.#endAll((raw) => raw.close(1011, 'internal error'));
    if (fault.kind === '418') this.#endAll((raw) => raw.close(1008, 'banned'));
  }

  clearFaults(): void {
    this.#faults.clear();
    this.#applyToBoard();
  }

  request(request: VenueRequest): WireAction {
    this.requestCount += 1;
    const blocked = this.#blockedBy();
    if (blocked !== undefined) return blocked;
    const response = this.#protocol.http(request, this.#venueNowMs);
    const isGarbage = this.#faults.has('garbage');
    const answer = isGarbage ? { ...response, body: this.#garbage(response.body) } : response;
    return { kind: 'answer', response: answer, delayMs: this.#latencyMs };
  }

  /** What to do with a handshake; after `accept` and its delay the wire calls `attach`. */
  handshake(path: string): WireAction {
    const blocked = this.#blockedBy();
    if (blocked !== undefined) return blocked;
    if (this.definition.hasStreamAt?.(path) !== true) {
      return { kind: 'answer', response: { status: 404, body: 'Not Found' }, delayMs: this.#latencyMs };
    }
    return { kind: 'accept', delayMs: this.#latencyMs };
  }

  attach(raw: RawConnection): void {
    const connection: VenueConnection = {
      path: raw.path,
      query: raw.query,
      send: (frame) => this.#push(link, frame),
      close: (code, reason) => {
        this.detach(raw);
        raw.close(code, reason);
      },
    };
    const link: Link = { raw, connection, held: [], pingedAt: this.#nowMs };
    this.#links.set(raw, link);
    this.#protocol.connect(connection, this.#venueNowMs);
  }

  detach(raw: RawConnection): void {
    const link = this.#links.get(raw);
    if (link === undefined) return;
    this.#links.delete(raw);
    this.#protocol.disconnect(link.connection);
  }

  message(raw: RawConnection, text: string): void {
    const link = this.#links.get(raw);
    if (link !== undefined) this.#protocol.message(link.connection, text, this.#venueNowMs);
  }

  /** Whether a protocol-level ping of the client is answered. */
  answersPing(): boolean {
    return !this.#faults.has('silence');
  }

  /** Moves on to `nowMs` of true time: ends faults, draws trades, pushes frames, sends what is late. */
  advance(nowMs: number): void {
    const dtMs = nowMs - this.#nowMs;
    this.#nowMs = nowMs;
    this.#endFaults(nowMs);
    const traded: readonly Row[] = this.board.advance(this.#venueNowMs, dtMs);
    this.#protocol.advance({ nowMs: this.#venueNowMs, uptimeMs: nowMs - this.#startMs, traded });
    for (const link of this.#links.values()) this.#keepUp(link, nowMs);
  }

  #endFaults(nowMs: number): void {
    let hasEnded = false;
    for (const fault of this.#faults.values()) {
      if (fault.untilMs === undefined || fault.untilMs > nowMs) continue;
      this.#faults.delete(fault.kind);
      hasEnded = true;
    }
    if (hasEnded) this.#applyToBoard();
  }

  #keepUp(link: Link, nowMs: number): void {
    const dueCount = link.held.findIndex((held) => held.dueMs > nowMs);
    const due = link.held.splice(0, dueCount === -1 ? link.held.length : dueCount);
    for (const { frame } of due) this.#write(link, frame);
    const every = this.definition.pingEveryMs;
    if (every !== undefined && nowMs - link.pingedAt >= every) {
      link.pingedAt = nowMs;
      if (!this.#faults.has('silence')) link.raw.ping();
    }
  }

  #push(link: Link, frame: string): void {
    const delayMs = this.#latencyMs;
    const isGarbage = this.#faults.has('garbage');
    const out = isGarbage ? this.#garbageFrame(frame) : (this.definition.encode?.(frame) ?? frame);
    if (delayMs === 0 && link.held.length === 0) {
      this.#write(link, out);
      return;
    }
    // Frames stay in order: behind a late one the next waits too.
    link.held.push({ dueMs: this.#nowMs + delayMs, frame: out });
    if (link.held.length <= HELD_MAX) return;
    this.detach(link.raw);
    link.raw.cut();
  }

  #write(link: Link, frame: string | Uint8Array): void {
    if (this.#faults.has('silence')) return;
    this.frameCount += 1;
    link.raw.send(frame);
  }

  #endAll(end: (raw: RawConnection) => void): void {
    for (const raw of [...this.#links.keys()]) {
      this.detach(raw);
      end(raw);
    }
  }

  #blockedBy(): WireAction | undefined {
    if (this.#faults.has('disconnect')) return { kind: 'cut' };
    if (this.#faults.has('silence')) return { kind: 'hang' };
    for (const kind of ['refused', '418', '429', '5xx'] as const) {
      const fault = this.#faults.get(kind);
      if (fault === undefined) continue;
      const isLimit = kind === '418' || kind === '429';
      const response = refusalResponse({
        venue: this.definition.id,
        nowMs: this.#venueNowMs,
        status: isLimit ? Number(kind) : fault.value,
        ...(isLimit ? { retryAfterS: fault.value } : {}),
      });
      return { kind: 'answer', response, delayMs: this.#latencyMs };
    }
    return undefined;
  }

  #applyToBoard(): void {
    const factor = this.#faults.get('wrong-price')?.value ?? 1;
    if (this.board.priceFactor !== factor) this.board.reprice();
    this.board.priceFactor = factor;
    this.board.isFrozen = this.#faults.has('stale');
  }

  get #latencyMs(): number {
    return this.#faults.get('latency')?.value ?? 0;
  }

  get #venueNowMs(): number {
    return this.#nowMs + (this.#faults.get('skewed-clock')?.value ?? 0);
  }

  #garbage(text: string): string {
    switch (this.#random.integer(3)) {
      case 0:
        return text.slice(0, Math.floor(text.length / 2));
      case 1:
        return '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>';
      default:
        return Array.from({ length: 64 }, () => String.fromCharCode(this.#random.integer(256))).join('');
    }
  }

  #garbageFrame(text: string): string | Uint8Array {
    if (this.#random.integer(3) > 0) return this.#garbage(text);
    return Uint8Array.from({ length: 64 }, () => this.#random.integer(256));
  }
}

/** Kinds as the control interface lists them. */
export function describeFaults(): { kind: string; describe: string }[] {
  return Object.entries(FAULT_KINDS).map(([kind, { describe }]) => ({ kind, describe }));
}
