// The protocol that Upbit made and Bithumb took over: markets with the quote currency first (KRW-BTC), UTF-8
// in binary frames, a ticker of many markets in one request. In: frames in the short form (`ty`, `cd`, `tp`)
// or the long one (`type`, `code`, `trade_price`), REST answers. Out: the price of each trade, last prices of
// tickers, the list of markets. Prices are JSON numbers.
import type { Pair } from '../model/pair.ts';
import { baseOf, quoteOf } from '../model/pair.ts';
import type {
  Frame,
  HttpTransport,
  Instrument,
  InstrumentList,
  Parsed,
  SourceContext,
} from './define-source.ts';
import {
  amountIn,
  batchesOf,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  msIn,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  textIn,
  unknownFrame,
} from './payload.ts';

/** The address stays under 2,000 characters, which every server on the way takes. */
const MARKETS_PER_REQUEST = 100;

export const krwHttp: HttpTransport = {
  intervalMs: 2000,
  timeoutMs: 4000,
  requests: (context) =>
    batchesOf(context.pairs, MARKETS_PER_REQUEST).map((pairs) => ({
      url: `${context.endpoints.rest}/v1/ticker?markets=${pairs.map(context.symbolOf).join(',')}`,
      pairs,
    })),
  parse(response, _request, context) {
    const body = parseJsonExact(response.body, 'ticker');
    if (isFields(body)) throwIfError(body, 'ticker');
    const prices: Parsed[] = [];
    for (const item of listOf(body, 'ticker', 'body')) {
      const ticker = fieldsOf(item, 'ticker', 'item');
      const pair = context.pairOf(textIn(ticker.market, 'ticker', 'market'));
      if (pair === undefined) continue;
      readInBatch(context, pair, () =>
        prices.push({
          pair,
          kind: 'ticker',
          price: priceIn(ticker.trade_price, 'ticker', 'trade_price'),
          observedAt: msIn(ticker.trade_timestamp, 'ticker', 'trade_timestamp'),
        }),
      );
    }
    return prices;
  },
  explain(response) {
    // An unknown market fails the whole request: {"error":{"name":404,"message":"Code not found"}}.
    const message = /"message"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
    if (message === undefined || response.status !== 404) return undefined;
    return { code: 'SOURCE_REFUSED', message, isTransient: false };
  },
};

export const krwInstruments: InstrumentList = {
  requests: (context) => [
    { url: `${context.endpoints.rest}/v1/market/all?is_details=true`, pairs: context.pairs },
  ],
  parse: (response) =>
    listOf(parseJsonExact(response.body, 'market'), 'market', 'body').map((item): Instrument => {
      const { market, english_name } = fieldsOf(item, 'market', 'item');
      const symbol = textIn(market, 'market', 'market');
      const [quote = '', base = ''] = symbol.split('-');
      // What is taken off the market leaves the list; a warning does not stop trading.
      return {
        symbol,
        base,
        quote,
        isTrading: true,
        title: textIn(english_name, 'market', 'english_name'),
      };
    }),
};

/** A second message would replace the first: all pairs of a connection are named at once. */
export function krwSubscription(context: SourceContext): string[] {
  return [
    JSON.stringify([
      { ticket: 'assay' },
      { type: 'trade', codes: context.pairs.map(context.symbolOf), is_only_realtime: true },
      { format: 'DEFAULT' },
    ]),
  ];
}

/** What `quotes` can be: a venue's quote currencies. */
export function krwMarketOf(quotes: ReadonlySet<string>): (pair: Pair) => string | undefined {
  return (pair) => (quotes.has(quoteOf(pair)) ? `${quoteOf(pair)}-${baseOf(pair)}` : undefined);
}

function throwIfError(body: Fields, frame: string): void {
  if (!isFields(body.error)) return;
  const { name, message } = body.error;
  const isLimit = String(name).includes('too_many');
  throw refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', `${String(name)} ${String(message)}`, {
    frame,
  });
}

export function parseKrwFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJsonExact(raw, 'frame'), 'frame', 'frame');
  throwIfError(frame, 'error');
  if (frame.status === 'UP') return { kind: 'control', name: 'status', action: 'alive' };
  const type = frame.ty ?? frame.type;
  switch (type) {
    case 'trade':
    case 'ticker':
      return { kind: 'prices', name: type, prices: priceOf(frame, type, context) };
    case 'orderbook':
      return { kind: 'ignored', name: type };
    default:
      if (typeof type === 'string' && type.startsWith('candle')) return { kind: 'ignored', name: 'candle' };
      throw unknownFrame(type, raw);
  }
}

function priceOf(frame: Fields, type: 'trade' | 'ticker', context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(frame.cd ?? frame.code, type, 'code'));
  if (pair === undefined) return [];
  return [
    {
      pair,
      kind: type,
      price: priceIn(frame.tp ?? frame.trade_price, type, 'trade_price'),
      observedAt: msIn(frame.ttms ?? frame.trade_timestamp, type, 'trade_timestamp'),
      venueAt: msIn(frame.tms ?? frame.timestamp, type, 'timestamp'),
      // A ticker's volume is that of its last trade as well, but says nothing new.
      ...(type === 'trade' ? { volume: amountIn(frame.tv ?? frame.trade_volume, type, 'trade_volume') } : {}),
    },
  ];
}
