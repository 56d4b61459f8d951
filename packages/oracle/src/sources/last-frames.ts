// Keeps the last payloads of each source, for a person who wants to see what a venue really says. In: the
// outbound of a source, on which everything passes. Out: the same outbound; and every few seconds, where
// something new came, the payloads in the cache, where the API finds them.
//
// Invariant: memory is bounded (20 x 2 kB a source); nothing that we send is kept, and where a venue echoes a
// credential it is replaced. Survives: a cache that takes nothing: the next hand-over brings all there is.
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import type { Outbound } from '@assay/ports/outbound/outbound';
import {
  FRAME_KEPT_BYTES,
  FRAMES_KEPT,
  framesKey,
  type SourceFrame,
  type SourceFrames,
} from '../model/source-frames.ts';

export type LastFramesOptions = { cache: Cache; clock: Clock; log: Log };

/** A person reads no faster; the cache is not for streams. */
const HAND_OVER_EVERY_MS = 5_000;

/** The last words of a venue that fell silent are of use for as long as somebody looks into it. */
const LIFE_MS = 600_000;

/** A shorter credential is no secret, and would be found in every number. */
const SECRET_MIN = 4;

export class LastFrames {
  readonly #options: LastFramesOptions;
  readonly #rings = new Map<string, FrameRing>();
  #cancel: (() => void) | undefined;

  constructor(options: LastFramesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.after(HAND_OVER_EVERY_MS, () => {
      this.#handOver();
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /**
   * The outbound for one source, by transport; what arrives through it is kept. What a stream asks before it
   * is opened is not: the answer is a token. A second call begins anew.
   */
  watch(
    source: string,
    credentials: Record<string, string>,
    outbound: Outbound,
  ): Record<SourceFrame['transport'], Outbound> {
    const ring = new FrameRing(secretsOf(credentials));
    this.#rings.set(source, ring);
    const { clock } = this.#options;
    const passed = {
      requirePublic: (url: string) => outbound.requirePublic(url),
      close: () => outbound.close(),
    };
    return {
      poll: {
        async request(request, signal) {
          const response = await outbound.request(request, signal);
          ring.add(response.body, { at: response.receivedAt, transport: 'poll', status: response.status });
          return response;
        },
        open: (request, handlers) => outbound.open(request, handlers),
        ...passed,
      },
      stream: {
        request: (request, signal) => outbound.request(request, signal),
        open: (request, handlers) =>
          outbound.open(request, {
            onOpen: () => handlers.onOpen(),
            onPulse: () => handlers.onPulse(),
            onClose: (reason) => handlers.onClose(reason),
            onFrame(frame) {
              ring.add(frame, { at: clock.now(), transport: 'stream', status: null });
              handlers.onFrame(frame);
            },
          }),
        ...passed,
      },
    };
  }

  #handOver(): void {
    const { cache, clock, log } = this.#options;
    for (const [source, ring] of this.#rings) {
      const frames = ring.takeNews();
      if (frames === undefined) continue;
      const value: SourceFrames = { source, at: clock.now(), frames };
      cache.set(framesKey(source), JSON.stringify(value), LIFE_MS).catch((error: unknown) => {
        log.debug('the last frames of a source were not handed over', { source, error: messageOf(error) });
      });
    }
  }
}

type Slot = Omit<SourceFrame, 'text'> & { bytes: Uint8Array; length: number };

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Copies into memory of its own: a piece of a text would keep all of it alive. */
class FrameRing {
  readonly #slots: Slot[] = [];
  readonly #secrets: readonly string[];
  #count = 0;
  #told = 0;

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  add(payload: string | Uint8Array, { at, transport, status }: Omit<SourceFrame, 'text' | 'size'>): void {
    const place = this.#count++ % FRAMES_KEPT;
    let slot = this.#slots[place];
    if (slot === undefined) {
      slot = { at, transport, status, size: 0, bytes: new Uint8Array(FRAME_KEPT_BYTES), length: 0 };
      this.#slots[place] = slot;
    }
    slot.at = at;
    slot.transport = transport;
    slot.status = status;
    if (typeof payload === 'string') {
      const { read, written } = ENCODER.encodeInto(payload, slot.bytes);
      slot.length = written;
      slot.size = read === payload.length ? written : payload.length;
    } else {
      slot.length = Math.min(payload.length, FRAME_KEPT_BYTES);
      slot.size = payload.length;
      slot.bytes.set(payload.subarray(0, slot.length));
    }
  }

  /** Newest first; undefined when nothing came since the last call. */
  takeNews(): SourceFrame[] | undefined {
    if (this.#count === this.#told) return undefined;
    this.#told = this.#count;
    const newest = (this.#count - 1) % FRAMES_KEPT;
    return this.#slots.map((_, i) => {
      const slot = this.#slots[(newest - i + this.#slots.length) % this.#slots.length]!;
      const { at, transport, status, size, bytes, length } = slot;
      const text = withoutSecrets(DECODER.decode(bytes.subarray(0, length)), this.#secrets);
      return { at, transport, status, size, text };
    });
  }
}

/** As it stands in a text, in an address and within JSON; longest first, so that none leaves a rest. */
function secretsOf(credentials: Record<string, string>): string[] {
  return Object.values(credentials)
    .filter((value) => value.length >= SECRET_MIN)
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
    .sort((a, b) => b.length - a.length);
}

const REPLACED = '[credential]';

function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    clean = clean.replaceAll(secret, REPLACED);
    // The text was cut: what is left of a credential at its end goes, too.
    for (let length = secret.length - 1; length >= SECRET_MIN; length--) {
      if (!clean.endsWith(secret.slice(0, length))) continue;
      clean = clean.slice(0, -length) + REPLACED;
      break;
    }
  }
  return clean;
}
