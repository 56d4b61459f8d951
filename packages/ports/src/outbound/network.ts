// The real door to the outside: HTTP by undici with connections kept alive, sockets by `ws`. In: requests.
// Out: answers of any status, or an error that says in one word why none came.
//
// A body is bounded twice while it is read: as it comes over the wire and as it is unpacked. Redirects are
// answers.
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { explainFailure, type FailedCall, failureOf } from './failure.ts';
import { NetworkSocket } from './network-socket.ts';
import type {
  Outbound,
  OutboundRequest,
  OutboundResponse,
  OutboundSocket,
  SocketHandlers,
  SocketRequest,
} from './outbound.ts';
import { hostOf, type ProxyRule, type ProxySettings, proxyRule } from './proxy.ts';
import { lookupPublic, requirePublicHost } from './public-address.ts';

export type NetworkOutboundOptions = {
  clock: Clock;
  /** Only `assay/config` reads the environment: it hands the values in. */
  proxy?: ProxySettings;
  /** Some venues refuse requests without one. */
  userAgent?: string;
  /** Certificates (PEM) to trust instead of the built-in ones. */
  certificates?: readonly string[];
};

export const BODY_BYTES_MAX: number = 8 * 1024 * 1024;
// Venues allow tens of parallel connections; a source needs few at once.
const CONNECTIONS_PER_ORIGIN = 16;
// Longer than a polling interval, shorter than the minute after which many servers drop an idle connection.
const KEEP_ALIVE_MS = 30_000;
const HEADERS_BYTES_MAX = 64 * 1024;

const unpack = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  deflate: promisify(inflate),
} as Record<string, (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>;

/** @throws AssayError CONFIG_INVALID for a proxy setting that is no address */
export function createNetworkOutbound(options: NetworkOutboundOptions): Outbound {
  return new NetworkOutbound(options);
}

class NetworkOutbound implements Outbound {
  readonly #options: NetworkOutboundOptions;
  readonly #proxyOf: ProxyRule;
  readonly #direct: Agent;
  readonly #public: Agent;
  readonly #proxied = new Map<string, ProxyAgent>();
  readonly #sockets = new Set<NetworkSocket>();
  #isClosed = false;

  constructor(options: NetworkOutboundOptions) {
    this.#options = options;
    this.#proxyOf = proxyRule(options.proxy ?? {});
    this.#direct = new Agent({ ...this.#limits(), connect: this.#trust() });
    this.#public = new Agent({ ...this.#limits(), connect: { ...this.#trust(), lookup: lookupPublic } });
  }

  async request(request: OutboundRequest, signal?: AbortSignal): Promise<OutboundResponse> {
    const { clock } = this.#options;
    const url = this.#checkUrl(request.url, ['http:', 'https:']);
    const proxy = this.#proxyOf(url);
    const call: FailedCall = {
      url: request.url,
      timeoutMs: request.timeoutMs,
      isProxied: proxy !== undefined,
    };
    const startMs = clock.monotonic();
    const ending = new AbortController();
    let isLate = false;
    const cancelDeadline = clock.after(request.timeoutMs, () => {
      isLate = true;
      ending.abort();
    });
    const onAbort = () => ending.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) ending.abort();
    try {
      const response = await this.#send(request, url, proxy, ending.signal);
      const body = await readBody(response, request.maximumBytes ?? BODY_BYTES_MAX, call);
      return {
        status: response.statusCode,
        headers: plainHeaders(response.headers),
        body,
        receivedAt: clock.now(),
        durationMs: clock.monotonic() - startMs,
      };
    } catch (error) {
      if (isLate) throw failureOf('timeout', '', call, error);
      if (signal?.aborted) throw failureOf('aborted', 'the caller gave up', call, error);
      throw explainFailure(error, call);
    } finally {
      cancelDeadline();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async requirePublic(text: string): Promise<void> {
    const url = this.#checkUrl(text, ['http:', 'https:']);
    const isProxied = this.#proxyOf(url) !== undefined;
    try {
      await requirePublicHost(hostOf(url), !isProxied);
    } catch (error) {
      throw explainFailure(error, { url: text, timeoutMs: 0, isProxied });
    }
  }

  open(request: SocketRequest, handlers: SocketHandlers): OutboundSocket {
    const url = this.#checkUrl(request.url, ['ws:', 'wss:']);
    const socket = new NetworkSocket(request, handlers, {
      clock: this.#options.clock,
      proxy: this.#proxyOf(url),
      certificates: this.#options.certificates,
      headers: this.#ownHeaders(),
      onGone: (gone) => void this.#sockets.delete(gone),
    });
    this.#sockets.add(socket);
    return socket;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const socket of [...this.#sockets]) socket.terminate();
    await Promise.all(
      [this.#direct, this.#public, ...this.#proxied.values()].map((agent) => agent.destroy()),
    );
  }

  async #send(
    { method, headers, body, isPublicOnly = false }: OutboundRequest,
    url: URL,
    proxy: URL | undefined,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    // The host may be an address, which is never looked up.
    if (isPublicOnly) await requirePublicHost(hostOf(url), false);
    return await this.#agentFor(proxy, isPublicOnly).request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: { 'accept-encoding': 'gzip, br', ...this.#ownHeaders(), ...lowerCased(headers) },
      body: body ?? null,
      signal,
    });
  }

  #agentFor(proxy: URL | undefined, isPublicOnly: boolean): Dispatcher {
    if (proxy === undefined) return isPublicOnly ? this.#public : this.#direct;
    let agent = this.#proxied.get(proxy.href);
    if (agent === undefined) {
      const trust = this.#trust();
      agent = new ProxyAgent({ ...this.#limits(), uri: proxy.href, requestTls: trust, proxyTls: trust });
      this.#proxied.set(proxy.href, agent);
    }
    return agent;
  }

  /** Times are bounded by the deadline of each request, so undici's own bounds are off. */
  #limits(): Agent.Options {
    return {
      connections: CONNECTIONS_PER_ORIGIN,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADERS_BYTES_MAX,
    };
  }

  #trust(): { ca?: string[]; timeout: number } {
    const { certificates } = this.#options;
    return { timeout: 0, ...(certificates === undefined ? {} : { ca: [...certificates] }) };
  }

  #ownHeaders(): Record<string, string> {
    return { 'user-agent': this.#options.userAgent ?? 'assay' };
  }

  #checkUrl(text: string, protocols: readonly string[]): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !protocols.includes(url.protocol)) {
      throw new AssayError(
        'OUTBOUND_FAILED',
        `an address to call is not a URL of ${protocols.join(' or ')}`,
        {
          context: { reason: 'other', field: 'url' },
          isTransient: false,
        },
      );
    }
    if (this.#isClosed) {
      throw new AssayError('OUTBOUND_FAILED', 'the program is stopping: nothing is sent any more', {
        context: { reason: 'aborted' },
      });
    }
    return url;
  }
}

async function readBody(
  response: Dispatcher.ResponseData,
  bytesMax: number,
  call: FailedCall,
): Promise<string> {
  const problem = `more than ${bytesMax} bytes`;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop ends the connection: the rest is never fetched.
    if (length > bytesMax) throw failureOf('too-large', problem, call);
    chunks.push(chunk);
  }
  const packed = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
  const encoding = plainHeaders(response.headers)['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '' || length === 0) return packed.toString('utf8');
  const unpackOne = unpack[encoding];
  if (unpackOne === undefined) throw failureOf('protocol', `a body is encoded as "${encoding}"`, call);
  const body = await unpackOne(packed, { maxOutputLength: bytesMax });
  return body.toString('utf8');
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}

function lowerCased(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
