// Where prices stand in a JSON payload, said by paths. In: a section of a definition, then payloads. Out:
// parsed prices in the payload's own digits. Used by both generic sources.
import type { Pair } from '../model/pair.ts';
import type { PriceKind } from '../model/source-price.ts';
import type { Parsed, SourceContext } from './define-source.ts';
import { type Definition, type JsonPath, jsonPath, unusable, valueAt } from './definition.ts';
import {
  amountIn,
  badPayload,
  isFields,
  isoIn,
  microsecondsIn,
  msIn,
  priceIn,
  readInBatch,
  secondsIn,
  sequenceIn,
  textIn,
} from './payload.ts';

const TIME_UNITS = ['iso', 's', 'ms', 'us', 'ns'] as const;
type JsonKind = Extract<PriceKind, 'ticker' | 'trade' | 'index' | 'pool'>;
const KINDS: readonly JsonKind[] = ['ticker', 'trade', 'index', 'pool'];
/** The symbol is the name under which an item stands. */
const KEY = '$key';
/** More places than any price has. */
const PRICE_DECIMALS_MAX = 36;

export type PriceFields = {
  items?: JsonPath;
  symbol?: JsonPath | typeof KEY;
  /** What stands around the symbol, such as `live_trades_` before it. */
  symbolFrame: { before: string; after: string };
  price?: JsonPath;
  bid?: JsonPath;
  ask?: JsonPath;
  time?: JsonPath;
  timeUnit: (typeof TIME_UNITS)[number];
  volume?: JsonPath;
  sequence?: JsonPath;
  kind: JsonKind;
  /** The payload counts in units of 10^-n. */
  priceDecimals: number;
};

/** @throws AssayError CONFIG_INVALID naming the field */
export function readPriceFields(definition: Definition): PriceFields {
  const path = (field: string): JsonPath | undefined =>
    definition.has(field) ? jsonPath(definition.text(field), `${definition.where}.${field}`) : undefined;
  const pattern = definition.text('symbolPattern', '{symbol}');
  const [before, after, ...more] = pattern.split('{symbol}');
  if (before === undefined || after === undefined || more.length > 0)
    throw unusable(
      `${definition.where}.symbolPattern`,
      pattern,
      'a text with {symbol} once, such as trades_{symbol}',
    );
  const decimals = definition.raw('priceDecimals') ?? 0;
  if (!Number.isInteger(decimals) || (decimals as number) < 0 || (decimals as number) > PRICE_DECIMALS_MAX)
    throw unusable(
      `${definition.where}.priceDecimals`,
      decimals,
      `a whole number from 0 to ${PRICE_DECIMALS_MAX}`,
    );
  const fields: PriceFields = {
    symbolFrame: { before, after },
    timeUnit: definition.choice('timeUnit', TIME_UNITS, 'iso'),
    kind: definition.choice('kind', KINDS, 'ticker'),
    priceDecimals: decimals as number,
  };
  for (const field of ['items', 'price', 'bid', 'ask', 'time', 'volume', 'sequence'] as const) {
    const found = path(field);
    if (found !== undefined) fields[field] = found;
  }
  const symbol = definition.raw('symbol') === KEY ? KEY : path('symbol');
  if (symbol !== undefined) fields.symbol = symbol;
  const hasBook = fields.bid !== undefined && fields.ask !== undefined;
  if ((fields.price === undefined) === !hasBook)
    throw unusable(
      `${definition.where}.price`,
      definition.raw('price'),
      'the path of the price, or else bid and ask',
    );
  if (definition.has('timeUnit') && fields.time === undefined)
    throw unusable(
      `${definition.where}.time`,
      undefined,
      'the path of the time that timeUnit is the unit of',
    );
  return fields;
}

/**
 * @param only the pair that a payload without symbols is about
 * @throws AssayError SOURCE_BAD_PAYLOAD
 */
export function pricesIn(
  payload: unknown,
  fields: PriceFields,
  context: SourceContext,
  about: { frame: string; only?: Pair | undefined },
): Parsed[] {
  const prices: Parsed[] = [];
  for (const [key, item] of itemsIn(payload, fields, about.frame)) {
    const pair = pairOf(key, item, fields, context, about);
    if (pair === undefined) continue;
    readInBatch(context, pair, () => prices.push(priceOf(pair, item, fields, about.frame)));
  }
  return prices;
}

function itemsIn(payload: unknown, fields: PriceFields, frame: string): [string, unknown][] {
  const items = fields.items === undefined ? payload : valueAt(payload, fields.items);
  if (Array.isArray(items)) return items.map((item) => ['', item]);
  if (isFields(items)) return fields.symbol === KEY ? Object.entries(items) : [['', items]];
  throw badPayload(frame, fields.items?.join('.') ?? 'payload', items, 'a list or an object of prices');
}

function pairOf(
  key: string,
  item: unknown,
  fields: PriceFields,
  context: SourceContext,
  about: { frame: string; only?: Pair | undefined },
): Pair | undefined {
  if (fields.symbol === undefined) return about.only;
  const name = fields.symbol === KEY ? key : fields.symbol.join('.');
  const text = fields.symbol === KEY ? key : textIn(valueAt(item, fields.symbol), about.frame, name);
  const { before, after } = fields.symbolFrame;
  if (!text.startsWith(before) || !text.endsWith(after)) return undefined;
  return context.pairOf(text.slice(before.length, text.length - after.length));
}

function priceOf(pair: Pair, item: unknown, fields: PriceFields, frame: string): Parsed {
  const price = (path: JsonPath): string =>
    movePoint(priceIn(valueAt(item, path), frame, path.join('.')), fields.priceDecimals);
  const { bid, ask } = fields;
  const parsed: Parsed =
    fields.price !== undefined
      ? { pair, kind: fields.kind, price: price(fields.price) }
      : { pair, kind: 'book', bid: price(bid ?? []), ask: price(ask ?? []) };
  if (fields.time !== undefined) {
    parsed.observedAt = timeIn(valueAt(item, fields.time), fields.timeUnit, frame, fields.time.join('.'));
    parsed.venueAt = parsed.observedAt;
  }
  if (fields.volume !== undefined)
    parsed.volume = amountIn(valueAt(item, fields.volume), frame, fields.volume.join('.'));
  const sequence = fields.sequence === undefined ? undefined : sequenceIn(valueAt(item, fields.sequence));
  if (sequence !== undefined) parsed.sequence = sequence;
  return parsed;
}

function timeIn(value: unknown, unit: PriceFields['timeUnit'], frame: string, field: string): number {
  switch (unit) {
    case 'iso':
      return isoIn(value, frame, field);
    case 's':
      return secondsIn(value, frame, field);
    case 'ms':
      return msIn(value, frame, field);
    case 'us':
      return microsecondsIn(value, frame, field);
    case 'ns':
      return microsecondsIn(typeof value === 'string' ? Number(value) / 1000 : undefined, frame, field);
  }
}

/** Divides by 10^places by moving the point; a text with an exponent gets a smaller one. */
function movePoint(text: string, places: number): string {
  if (places === 0) return text;
  const [mantissa = '', exponent] = text.split(/[eE]/);
  if (exponent !== undefined) return `${mantissa}e${Number(exponent) - places}`;
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).padStart(places + fraction.length + 1, '0');
  const point = digits.length - places - fraction.length;
  return `${digits.slice(0, point).replace(/^0+(?=\d)/, '')}.${digits.slice(point)}`;
}
