// Several addresses of one role of a source, of which one is used at a time: public nodes of a chain, hosts
// of a venue that serve the same. In: requests to the first address, as an adapter makes them. Out: the same
// requests at the address whose turn it is. An address that gives no answer, a 5xx, or no connection passes
// its turn; one that works keeps it. Invariant: a limit or a refusal is the venue's word at every address,
// and is never evaded by asking at another.
import { isAssayError } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type {
  Outbound,
  OutboundRequest,
  OutboundResponse,
  OutboundSocket,
  SocketHandlers,
  SocketRequest,
} from '@assay/ports/outbound/outbound';
import { withoutSlash } from './source-context.ts';

export type Fallbacks = Readonly<Record<string, readonly string[]>>;

export type FallbackOptions = {
  source: string;
  outbound: Outbound;
  endpoints: Readonly<Record<string, string>>;
  /** By role: asked in turn after the endpoint of that role. */
  fallbacks: Fallbacks;
  log: Log;
};

/** `outbound` itself where there is nothing to fall back to. */
export function withFallbacks(options: FallbackOptions): Outbound {
  const { endpoints, fallbacks } = options;
  const roles = Object.entries(fallbacks)
    .filter(([role, more]) => more.length > 0 && endpoints[role] !== undefined)
    .map(([role, more]) => new Role(role, [endpoints[role]!, ...more].map(withoutSlash), options));
  return roles.length === 0 ? options.outbound : new FallbackOutbound(options.outbound, roles);
}

class FallbackOutbound implements Outbound {
  readonly #outbound: Outbound;
  readonly #roles: readonly Role[];

  constructor(outbound: Outbound, roles: readonly Role[]) {
    this.#outbound = outbound;
    this.#roles = roles;
  }

  async request(request: OutboundRequest, signal?: AbortSignal): Promise<OutboundResponse> {
    const role = this.#roleOf(request.url);
    if (role === undefined) return await this.#outbound.request(request, signal);
    const turn = role.turn;
    try {
      const response = await this.#outbound.request(
        { ...request, url: role.translated(request.url) },
        signal,
      );
      if (response.status >= 500) role.pass(turn, `answered ${response.status}`);
      return response;
    } catch (error) {
      const isGivenUp = signal?.aborted === true;
      if (!isGivenUp && isAssayError(error)) role.pass(turn, String(error.context.reason ?? error.code));
      throw error;
    }
  }

  open(request: SocketRequest, handlers: SocketHandlers): OutboundSocket {
    const role = this.#roleOf(request.url);
    if (role === undefined) return this.#outbound.open(request, handlers);
    const turn = role.turn;
    let hasOpened = false;
    return this.#outbound.open(
      { ...request, url: role.translated(request.url) },
      {
        onOpen() {
          hasOpened = true;
          handlers.onOpen();
        },
        onFrame: (frame) => handlers.onFrame(frame),
        onPulse: () => handlers.onPulse(),
        onClose(reason) {
          const isRefused = reason.code >= 400 && reason.code < 500;
          if (!hasOpened && !isRefused) role.pass(turn, reason.text || `closed with ${reason.code}`);
          handlers.onClose(reason);
        },
      },
    );
  }

  async requirePublic(url: string): Promise<void> {
    await this.#outbound.requirePublic(url);
  }

  async close(): Promise<void> {
    await this.#outbound.close();
  }

  #roleOf(url: string): Role | undefined {
    return this.#roles.find((role) => role.has(url));
  }
}

class Role {
  turn = 0;
  readonly #name: string;
  readonly #addresses: readonly string[];
  readonly #options: FallbackOptions;

  constructor(name: string, addresses: readonly string[], options: FallbackOptions) {
    this.#name = name;
    this.#addresses = addresses;
    this.#options = options;
  }

  has(url: string): boolean {
    const [first = ''] = this.#addresses;
    return url.startsWith(first) && (url.length === first.length || '/?#'.includes(url[first.length]!));
  }

  translated(url: string): string {
    return this.#addresses[this.turn]! + url.slice(this.#addresses[0]!.length);
  }

  /** Of several that failed at one turn, the first passes it on. */
  pass(turn: number, reason: string): void {
    if (turn !== this.turn) return;
    this.turn = (turn + 1) % this.#addresses.length;
    const { log, source } = this.#options;
    // Without the path: it may hold a key.
    const address = new URL(this.#addresses[this.turn]!).host;
    log.warn('another address has its turn', { source, role: this.#name, address, reason });
  }
}
