// A price source is one pure file in `adapters/`: data and functions, no fetch, no clock, no retry, no
// logging. The shell (`source-service.ts`, `poller.ts`, `streamer.ts`) owns everything that can fail in
// time.
//
// Flow: the shell asks `symbol(pair)` for each configured pair, then either polls (`http.requests` -> send
// -> `http.parse`) or streams (`stream.url` -> open -> `stream.subscribe` -> send, each frame to
// `stream.parse`). What comes back are parsed prices in the venue's own digits; the shell checks, times,
// scores and publishes them.
//
// The venue may lie, truncate, repeat, reorder and send what its documentation does not name. A parse
// function never returns a price it is not sure of: it throws AssayError SOURCE_BAD_PAYLOAD for what should
// have been prices and is not, SOURCE_RATE_LIMITED / SOURCE_REGION_REFUSED / SOURCE_REFUSED for an error
// inside a well-formed answer, and returns a named `control` or `ignored` frame for the rest. Symbols that
// were not asked for are left out silently.
import type { AssayError } from '@assay/kernel/errors/assay-error';
import type { SourceKind } from '../model/feed.ts';
import type { Pair } from '../model/pair.ts';
import type { PriceKind } from '../model/source-price.ts';

/**
 * A price in the venue's digits. For a best-price frame `bid` and `ask` stand instead of `price`; the shell
 * takes the midpoint.
 */
export type ParsedPrice = {
  pair: Pair;
  kind: Exclude<PriceKind, 'book'>;
  /** Decimal text exactly as it stands in the payload (plain notation; an exponent is left as it is). */
  price: string;
} & ParsedTime;

export type ParsedBook = { pair: Pair; kind: 'book'; bid: string; ask: string } & ParsedTime;

type ParsedTime = {
  /** Venue time of the news, ms; absent when the venue gives none. */
  observedAt?: number;
  /** The venue's own clock when it sent this, ms, for measuring its skew; often the same as observedAt. */
  venueAt?: number;
  /** Base units traded, decimal text. `"0"` on a bar means: no news, the shell does not publish it. */
  volume?: string;
  /** Sequence number of the instrument's stream; `StreamTransport.sequence` says what a gap means. */
  sequence?: number;
  intervalMs?: number;
};

export type Parsed = ParsedPrice | ParsedBook;

export type SourceContext = {
  /** Base addresses without a trailing slash, from the configuration or the adapter's own `endpoints`. */
  endpoints: Record<string, string>;
  /** API key and the like, by the names in `credentials`. */
  credentials: Record<string, string>;
  /** The pairs to serve. */
  pairs: readonly Pair[];
  /** Pair of a venue symbol as it stands in a payload, or undefined when it was not asked for. */
  pairOf(symbol: string): Pair | undefined;
  /** Venue symbol of a pair. */
  symbolOf(pair: Pair): string;
  /** Settings of this one source from the configuration (pool addresses, coin ids). */
  options: Record<string, unknown>;
  /** What `stream.prepare` read before this connection was opened; empty without it. */
  session: Readonly<Record<string, string>>;
  /**
   * What earlier frames of this connection said, for venues whose frames name a number instead of an
   * instrument (Bitfinex): channel to venue symbol. Empty with each connection; only `parse` of a stream
   * writes to it, and only for pairs that were asked for, so it is never larger than they are.
   */
  channels: Map<string, string>;
  /**
   * One pair of a batch that cannot be believed, without the others being lost. Where it is absent the
   * error is thrown, and the whole answer with it.
   */
  reject?(pair: Pair, error: AssayError): void;
};

export type SourceRequest = {
  method?: 'GET' | 'POST';
  /** Full address. */
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Pairs this request is for. */
  pairs: readonly Pair[];
  /** What it costs of the venue's limit, in units of `limits.requests`; default 1. */
  weight?: number;
  /** What it costs of a paid credit budget; default 1 where `limits.credits` exists. */
  credits?: number;
};

export type SourceResponse = {
  status: number;
  headers: Record<string, string>;
  body: string;
  receivedAt: number;
};

export type HttpTransport = {
  /** Default time between two polls, ms. */
  intervalMs: number;
  timeoutMs: number;
  /** Batched where the venue allows it. */
  requests(context: SourceContext): SourceRequest[];
  /**
   * Called for status 200 only; the shell classifies the others (429 and 418 wait, 403 and 451 region, 5xx
   * transient).
   */
  parse(response: SourceResponse, request: SourceRequest, context: SourceContext): Parsed[];
  /**
   * Where the venue's words for other statuses need reading; undefined: the shell's own classification
   * stands.
   */
  explain?(response: SourceResponse):
    | {
        code: 'SOURCE_RATE_LIMITED' | 'SOURCE_REGION_REFUSED' | 'SOURCE_REFUSED';
        message: string;
        retryAfterMs?: number;
        isTransient?: boolean;
      }
    | undefined;
};

export type Frame =
  | { kind: 'prices'; name: string; prices: Parsed[] }
  | {
      kind: 'control';
      /** Its name in the venue's documentation: subscribed, heartbeat, pong, welcome, ... */
      name: string;
      /** Send this at once (answer to an application-level ping). */
      reply?: string;
      /**
       * What the shell does: `alive` renews the life of every subscribed pair; `reconnect` opens a new
       * connection.
       */
      action?: 'alive' | 'reconnect';
      /** Pair whose life it renews (heartbeats per instrument), instead of all. */
      pair?: Pair;
      sequence?: number;
      venueAt?: number;
    }
  /** A known kind of data that carries no price (order-book difference, candle of no use). */
  | { kind: 'ignored'; name: string };

/** Some venues give a token or an address by HTTP that a connection is opened with. */
export type StreamPreparation = {
  request(context: SourceContext): SourceRequest;
  /** Status 200 only. What it returns is `context.session` of the connection. */
  read(response: SourceResponse, context: SourceContext): Record<string, string>;
};

export type StreamTransport = {
  /** Asked before each connection; a failure counts as a failed connection and waits as one. */
  prepare?: StreamPreparation;
  url(context: SourceContext): string;
  headers?(context: SourceContext): Record<string, string>;
  /**
   * Messages to send after opening, in order; already batched as the venue wants. Empty when the address
   * says it all.
   */
  subscribe(context: SourceContext): string[];
  parse(frame: string | Uint8Array, context: SourceContext): Frame;
  /** Binary frames are texts compressed so; `parse` gets the text. */
  compression?: 'gzip';
  /**
   * Keepalive from us: a text is sent as it is (OKX wants the text `ping`), `frame` is a ping of the
   * protocol.
   */
  keepAlive?: { everyMs: number; message: string | { frame: 'ping' } };
  /** No frame at all for this long means the connection is dead; at most 10,000. */
  silenceAfterMs: number;
  /**
   * `consecutive`: the numbers of an instrument have no gaps, so a gap is a loss and makes the shell
   * resubscribe.
   * `increasing` (default): the numbers skip what we did not subscribe to; only a step back is out of order.
   */
  sequence?: 'consecutive' | 'increasing';
  /**
   * Whether an intact connection vouches for pairs without trades (the venue sends heartbeats or every
   * change).
   */
  vouches: boolean;
  /** A new connection is opened before the venue closes the old one at this age, ms. */
  lifeMs?: number;
  /** Pairs per connection; more open further ones. */
  pairsPerConnection: number;
  /** Messages per second to the venue. */
  messagesPerSecond: number;
  /** Wait after opening before the first message, where the venue wants one; at most 5,000. */
  settleMs?: number;
};

/** One line of a venue's own list of what can be traded. */
export type Instrument = {
  /** The venue's spelling, as `symbol` gives it. */
  symbol: string;
  /** In our names (BTC, where a venue says XBT). */
  base: string;
  quote: string;
  /** False: listed, but halted, not yet open or about to go. */
  isTrading: boolean;
  /** Name of what is traded, where the list tells it: two coins may share a ticker. */
  title?: string;
};

/**
 * The venue's own list, read at start and once a day: it finds delistings, halts, renamings and tickers that
 * mean something else.
 */
export type InstrumentList = {
  requests(context: SourceContext): SourceRequest[];
  /** Status 200 only; what is no spot market (futures, options, leveraged tokens) is left out. */
  parse(response: SourceResponse, request: SourceRequest, context: SourceContext): Instrument[];
};

export type SourceLimits = {
  /** The venue's own limit for requests. */
  requests: { count: number; windowMs: number };
  /** Paid credits: the budget is spread over the period. */
  credits?: { count: number; periodMs: number };
};

export type SourceExample = {
  name: string;
  /** A response body (`http`) or frame (`stream`) as the venue sends it. */
  transport: 'http' | 'stream' | 'submission';
  /** Frames of the same connection that came before it, where reading it rests on them. */
  after?: readonly string[];
  payload: string;
  /** Pairs that are configured when it arrives. */
  pairs: Pair[];
  options?: Record<string, unknown>;
  /** What parse returns, or the error code it throws, or the control or ignored name. */
  expect: { prices: Parsed[] } | { error: string } | { control: string } | { ignored: string };
  /** Arrival of an `http` payload, ms; default now. For adapters that compare it with a time in the body. */
  receivedAt?: number;
  /** Where it comes from: documentation page or recording. */
  from: string;
};

export type Source = {
  /** File name without `.ts`, underscores as in the recordings: `binance_us`. */
  id: string;
  name: string;
  homepage: string;
  /** Documentation page that the adapter was written from. */
  documentation: string;
  kind: SourceKind;
  /** Sources of one operator share it; default the id. */
  venue?: string;
  /** Defaults by role: `rest`, `stream`. */
  endpoints: Record<string, string>;
  credentials?: readonly { name: string; describe: string; isRequired: boolean }[];
  /** The venue's spelling of a pair; undefined when the venue cannot have it. */
  symbol(pair: Pair, options: Record<string, unknown>): string | undefined;
  limits: SourceLimits;
  http?: HttpTransport;
  stream?: StreamTransport;
  instruments?: InstrumentList;
  /**
   * How its protocol was checked: against `recorded` traffic, or against what is `documented` only; the
   * venue's version of it; and the day.
   */
  checked?: { by: 'recorded' | 'documented'; version: string; on: string };
  /** Small real payloads with the expected result; also the reader's first look at the venue. */
  examples: readonly SourceExample[];
};

/** Gives the definition its type; the registry checks the rest at start. */
export function defineSource(source: Source): Source {
  return source;
}
