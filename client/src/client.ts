// The client of Assay, for browsers and Node 20 and newer. In: an address and a key. Out: typed answers to
// every question the server takes, and subscriptions that last. No dependency.
//
//   const assay = new AssayClient({ url: 'http://127.0.0.1:4000', apiKey });
//   const { price, state } = await assay.price('BTC/USD');
//   for await (const { feed, price } of assay.subscribe(['BTC/USD'])) console.log(feed, price);
//
// Invariants: decimals stay texts with all their digits; every request has a deadline and takes an
// AbortSignal; every failure is a ClientError.
import { ClientError } from './client-error.ts';
import { parseExact, writePriceUsd } from './exact-json.ts';
import { type Fetch, HttpDoor, type HttpRequest, sleep } from './http-door.ts';
import { type PriceSubscription, type SubscribeOptions, subscribePrices } from './price-subscription.ts';
import type {
  CandleInterval,
  CandlePage,
  Explanation,
  Feed,
  FoundingPrice,
  NewSubmission,
  OwnPrice,
  Price,
  PricePage,
  PriceRequest,
  Source,
  Status,
  Submission,
  SubmissionPage,
  Ticket,
} from './wire.ts';

export type ClientOptions = {
  /** Where the API listens, such as `http://127.0.0.1:4000`; a path in it is kept. */
  url: string;
  /** `ak_…` */
  apiKey?: string;
  /** Instead of a key: an OAuth token, or a function that gives one, asked before every request. */
  token?: string | (() => string | Promise<string>);
  /** Of one call with its repetitions. Default 10 s. */
  timeoutMs?: number;
  /** How often a failure that may pass is tried again. Default 2. */
  retries?: number;
  fetch?: Fetch;
};

export type CallOptions = { signal?: AbortSignal; timeoutMs?: number };
type Instant = string | Date;
export type RangeOptions = CallOptions & {
  /** Inclusive. */
  from?: Instant;
  /** Exclusive. */
  to?: Instant;
  limit?: number;
  cursor?: string;
  order?: 'newest' | 'oldest';
};
export type PostOptions = CallOptions & {
  /** The same key means the same deed; default a fresh one, so that a repetition does nothing twice. */
  idempotencyKey?: string;
};

const TIMEOUT_MS = 10_000;
const RETRIES = 2;
/** A submission is judged within seconds; this often it is looked at. */
const FATE_EVERY_MS = 500;
/** What the answer of a price request needs beyond the time given to the sources. */
const REQUEST_MARGIN_MS = 5_000;

export class AssayClient {
  readonly #door: HttpDoor;

  /** @throws ClientError OPTION_INVALID */
  constructor(options: ClientOptions) {
    const { apiKey, token } = options;
    if ((apiKey === undefined) === (token === undefined)) {
      throw new ClientError('give either apiKey or token', { code: 'OPTION_INVALID' });
    }
    if (!URL.canParse(options.url)) {
      throw new ClientError(`url "${options.url}" is not an address`, { code: 'OPTION_INVALID' });
    }
    this.#door = new HttpDoor({
      url: options.url.replace(/\/+$/, ''),
      credentials: async () => credentialHeaders(apiKey, token),
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      retries: options.retries ?? RETRIES,
    });
  }

  /** The price of one feed now, or the one served at an instant. */
  async price(feed: string, options: CallOptions & { at?: Instant } = {}): Promise<Price> {
    return await this.#get(pricePath(feed), options, { at: instant(options.at) });
  }

  /** All feeds that the key may read, or those named. */
  async prices(feeds?: readonly string[], options: CallOptions & { at?: Instant } = {}): Promise<Price[]> {
    return await this.#get('/v1/prices', options, { feeds: feeds?.join(','), at: instant(options.at) });
  }

  /**
   * Four fields: `symbol`, `price_usd`, `timestamp`, `source`. With `source`, that source's own last price.
   */
  async foundingPrice(
    symbol: string,
    options: CallOptions & { source?: string } = {},
  ): Promise<FoundingPrice> {
    return await this.#get(`/v1/prices/${encodeURIComponent(symbol)}`, options, { source: options.source });
  }

  /** What one source says itself of a feed. */
  async ownPrice(feed: string, source: string, options: CallOptions = {}): Promise<OwnPrice> {
    return await this.#get(pricePath(feed), options, { source });
  }

  async history(feed: string, options: RangeOptions = {}): Promise<PricePage> {
    return await this.#get(`${pricePath(feed)}/history`, options, rangeOf(options));
  }

  /** The answers of a range one by one; pages are fetched as they are needed. */
  async *allHistory(feed: string, options: RangeOptions = {}): AsyncGenerator<Price> {
    let cursor = options.cursor;
    do {
      const page = await this.history(feed, { ...options, ...(cursor === undefined ? {} : { cursor }) });
      yield* page.prices;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Default interval: one minute. */
  async candles(
    feed: string,
    options: RangeOptions & { interval?: CandleInterval } = {},
  ): Promise<CandlePage> {
    const query = { ...rangeOf(options), interval: options.interval };
    return await this.#get(`${pricePath(feed)}/candles`, options, query);
  }

  /** Why the price is what it is: each source, used or not, and the reason. */
  async explain(feed: string, options: CallOptions & { at?: Instant } = {}): Promise<Explanation> {
    return await this.#get(`${pricePath(feed)}/explain`, options, { at: instant(options.at) });
  }

  /** The same in words. */
  async explainText(feed: string, options: CallOptions & { at?: Instant } = {}): Promise<string> {
    const query = { at: instant(options.at), format: 'text' };
    const path = `${pricePath(feed)}/explain`;
    return (await this.#door.request({ path, query, ...callOf(options), accept: 'text/plain' })).text;
  }

  async sources(options: CallOptions = {}): Promise<Source[]> {
    return await this.#get('/v1/sources', options);
  }

  async feeds(options: CallOptions = {}): Promise<Feed[]> {
    return await this.#get('/v1/feeds', options);
  }

  async status(options: CallOptions = {}): Promise<Status> {
    return await this.#get('/v1/status', options);
  }

  /** The current price of each feed, then every change; reconnects and resumes. No feeds: all. */
  subscribe(feeds?: readonly string[], options: SubscribeOptions = {}): PriceSubscription {
    return subscribePrices(this.#door, feeds, options);
  }

  /** Offers a price. What becomes of it: `submission`, or `fateOf`. Needs the scope prices:submit. */
  async submit(submission: NewSubmission, options: PostOptions = {}): Promise<Submission> {
    const { symbol, price_usd, timestamp, submitted_by } = submission;
    const seenAt = instant(timestamp) ?? new Date().toISOString();
    const body = writePriceUsd(price_usd, { symbol, timestamp: seenAt, submitted_by });
    return await this.#post('/v1/submissions', body, options);
  }

  async submission(id: string, options: CallOptions = {}): Promise<Submission> {
    return await this.#get(`/v1/submissions/${encodeURIComponent(id)}`, options);
  }

  async submissions(
    options: CallOptions & { limit?: number; cursor?: string } = {},
  ): Promise<SubmissionPage> {
    return await this.#get('/v1/submissions', options, { limit: options.limit, cursor: options.cursor });
  }

  /** Waits until a submission is no longer only `accepted`. @throws ClientError TIMEOUT */
  async fateOf(id: string, options: CallOptions = {}): Promise<Submission> {
    const { signal = new AbortController().signal, timeoutMs = TIMEOUT_MS } = options;
    const endsAt = Date.now() + timeoutMs;
    for (;;) {
      const submission = await this.submission(id, { signal });
      if (submission.status !== 'accepted') return submission;
      if (Date.now() + FATE_EVERY_MS > endsAt) {
        throw new ClientError(`submission ${id} was not judged within ${timeoutMs} ms`, { code: 'TIMEOUT' });
      }
      await sleep(FATE_EVERY_MS, signal).catch((cause: unknown) => {
        throw new ClientError('the request was aborted by its caller', { code: 'ABORTED', cause });
      });
    }
  }

  /** Asks all sources of a feed now. The result is complete, partial, or still pending after `deadlineMs`. */
  async requestPrice(
    feed: string,
    options: PostOptions & { deadlineMs?: number } = {},
  ): Promise<PriceRequest> {
    const { deadlineMs, timeoutMs = (deadlineMs ?? TIMEOUT_MS) + REQUEST_MARGIN_MS } = options;
    const body = JSON.stringify({ feed, ...(deadlineMs === undefined ? {} : { deadlineMs }) });
    return await this.#post('/v1/price-requests', body, { ...options, timeoutMs });
  }

  async priceRequest(id: string, options: CallOptions = {}): Promise<PriceRequest> {
    return await this.#get(`/v1/price-requests/${encodeURIComponent(id)}`, options);
  }

  /** For one minute, as `?ticket=`, where no header can be sent: EventSource and WebSocket of browsers. */
  async ticket(options: CallOptions = {}): Promise<Ticket> {
    return await this.#post('/v1/tickets', undefined, options);
  }

  /** One GraphQL operation; its first error is thrown, with the code of the server. */
  async graphql<T>(
    query: string,
    variables: Record<string, unknown> = {},
    options: CallOptions = {},
  ): Promise<T> {
    const { text } = await this.#door.request({
      method: 'POST',
      path: '/graphql',
      body: JSON.stringify({ query, variables }),
      ...callOf(options),
    });
    const { data, errors } = parseExact(text) as { data?: T; errors?: GraphQLFault[] };
    const [first] = errors ?? [];
    if (first === undefined) return data as T;
    const { code, recovery, ...details } = first.extensions ?? {};
    throw new ClientError(first.message, {
      code: typeof code === 'string' ? code : 'GRAPHQL',
      recovery: typeof recovery === 'string' ? recovery : '',
      details: { ...details, path: first.path },
    });
  }

  async #get<T>(path: string, options: CallOptions, query: HttpRequest['query'] = {}): Promise<T> {
    const { text } = await this.#door.request({ path, query, ...callOf(options) });
    return parsed(text);
  }

  async #post<T>(path: string, body: string | undefined, options: PostOptions): Promise<T> {
    const { text } = await this.#door.request({
      method: 'POST',
      path,
      ...(body === undefined ? {} : { body }),
      ...callOf(options),
      headers: { 'idempotency-key': options.idempotencyKey ?? freshKey() },
      isRepeatable: true,
    });
    return parsed(text);
  }
}

type GraphQLFault = { message: string; path?: unknown; extensions?: Record<string, unknown> };

async function credentialHeaders(
  apiKey: string | undefined,
  token: ClientOptions['token'],
): Promise<Record<string, string>> {
  if (apiKey !== undefined) return { 'x-api-key': apiKey };
  return { authorization: `Bearer ${typeof token === 'function' ? await token() : token}` };
}

function callOf({ signal, timeoutMs }: CallOptions): Pick<HttpRequest, 'signal' | 'timeoutMs'> {
  return { signal, timeoutMs };
}

/** "BTC/USD" is `BTC-USD` in an address. */
function pricePath(feed: string): string {
  return `/v1/prices/${encodeURIComponent(feed.replace('/', '-'))}`;
}

function rangeOf({
  from,
  to,
  limit,
  cursor,
  order,
}: RangeOptions): Record<string, string | number | undefined> {
  return { from: instant(from), to: instant(to), limit, cursor, order };
}

function instant(at: Instant | undefined): string | undefined {
  return at instanceof Date ? at.toISOString() : at;
}

/** Random; `crypto.randomUUID` is missing on pages without https. */
function freshKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

function parsed<T>(text: string): T {
  try {
    return parseExact(text) as T;
  } catch (cause) {
    throw new ClientError('the answer is not JSON: is this the API of Assay?', {
      code: 'ANSWER_INVALID',
      cause,
    });
  }
}
