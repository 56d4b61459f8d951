// A recorded session of a venue, as `data/README.md` describes it: one row per frame, in the order of the
// connection. In: a folder with session.jsonl or session.jsonl.gz. Out: its rows, and the instruments that
// it is about, in the venue's own spelling: from the subscriptions sent, from the address, and from the
// instrument lists stored beside it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Source } from '@assay/oracle/sources/define-source';

export type SessionRow = {
  conn: string;
  /** Local receive time, unix seconds with a fraction. */
  t: string;
  dir: 'connect' | 'out' | 'in';
  raw: string;
};

export type Instruments = {
  /** In the venue's spelling. */
  names: Set<string>;
  /** Base and quote by name, where a stored instrument list says so. */
  pairs: Map<string, string>;
  /** A stream of every instrument was subscribed to. */
  isEverything: boolean;
};

export function sessionFile(folder: string): string | undefined {
  return ['session.jsonl.gz', 'session.jsonl']
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
}

export function readSession(path: string): SessionRow[] {
  const rows: SessionRow[] = [];
  for (const line of textOf(path).split('\n'))
    if (line.trim() !== '') rows.push(JSON.parse(line) as SessionRow);
  return rows;
}

/** Addresses of versions that an adapter speaks, beside the one that it uses itself. */
const ALSO_SPOKEN: readonly { adapter: string; address: RegExp }[] = [
  { adapter: 'binance', address: /\bbinance\.(?:com|vision)(?::\d+)?\/(?:stream|ws)\b/ },
  { adapter: 'coinbase', address: /\bws-feed\.pro\.coinbase\.com\b/ },
  { adapter: 'gemini', address: /\bapi\.gemini\.com\/v2\/marketdata\b/ },
  { adapter: 'okx', address: /\bokx\.com(?::\d+)?\/ws\/v5\/public\b/ },
  { adapter: 'bitfinex', address: /\bbitfinex\.com\/ws\/2\b/ },
  { adapter: 'kucoin', address: /\bkucoin\.com\/endpoint\b/ },
  { adapter: 'bybit', address: /\bbybit\.com\/v5\/public\/(?:spot|linear|inverse)\b/ },
];

/**
 * By folder, for a session that does not tell its address; the recordings' names where they differ from the
 * ids.
 */
const FOLDERS: Record<string, string> = {
  bybit_v5: 'bybit',
  coinbase_exchange: 'coinbase',
  huobi: 'htx',
  kraken_ws_v2: 'kraken',
};

/** The adapter that speaks this session's version: the address decides, whatever the folder is called. */
export function adapterOf(
  folderName: string,
  rows: readonly SessionRow[],
  sources: ReadonlyMap<string, Source>,
): Source | undefined {
  const addresses = rows.filter(({ dir }) => dir === 'connect').map(({ raw }) => raw);
  if (addresses.length === 0) return sources.get(FOLDERS[folderName] ?? folderName);
  const own = [...sources.values()].find(({ endpoints }) =>
    addresses.some((address) => endpoints.stream !== undefined && isUnder(address, endpoints.stream)),
  );
  if (own !== undefined) return own;
  const also = ALSO_SPOKEN.find(({ address }) => addresses.some((raw) => address.test(raw)));
  return also === undefined ? undefined : sources.get(also.adapter);
}

function isUnder(address: string, endpoint: string): boolean {
  const rest = address.startsWith(endpoint) ? address.slice(endpoint.length) : undefined;
  return rest !== undefined && (rest === '' || /^[/?]/.test(rest));
}

export function instrumentsOf(adapter: string, folder: string, rows: readonly SessionRow[]): Instruments {
  const found: Instruments = { names: new Set(), pairs: listedPairs(folder), isEverything: false };
  for (const { dir, raw } of rows) {
    const names =
      dir === 'connect' ? namesInAddress(adapter, raw) : dir === 'out' ? namesInMessage(adapter, raw) : [];
    for (const name of names) {
      if (name.startsWith('!')) found.isEverything = true;
      else found.names.add(name);
    }
  }
  // A session that shows no subscription is about what its venue lists.
  if (found.names.size === 0) for (const name of found.pairs.keys()) found.names.add(name);
  return found;
}

const SPEAK_BINANCE: ReadonlySet<string> = new Set(['binance', 'binance_us']);

/**
 * Binance names its streams in the address: `btcusdt@trade`, `!ticker@arr`; others list symbols in the
 * query.
 */
function namesInAddress(adapter: string, address: string): string[] {
  if (!SPEAK_BINANCE.has(adapter))
    return (/[?&]symbols?=([^&]+)/.exec(address)?.[1] ?? '').split(',').filter(Boolean);
  const list = /[?&]streams=([^&]+)/.exec(address)?.[1] ?? /\/ws\/([^?]+)/.exec(address)?.[1] ?? '';
  return list
    .split('/')
    .filter((stream) => stream.includes('@'))
    .map(nameOfStream);
}

function nameOfStream(stream: string): string {
  return stream.slice(0, Math.max(0, stream.indexOf('@'))).toUpperCase();
}

/** A message that we did not write: every field may be there or not. */
type Loose = { [field: string]: Loose | undefined };

function namesInMessage(adapter: string, raw: string): string[] {
  let message: Loose;
  try {
    message = JSON.parse(raw) as Loose;
  } catch {
    return [];
  }
  switch (adapter) {
    case 'binance':
    case 'binance_us':
      return texts(message.params).map(nameOfStream);
    case 'coinbase':
      return [message, ...listIn(message.channels)].flatMap((one) => texts(one.product_ids));
    case 'gemini':
      return listIn(message.subscriptions).flatMap((one) => texts(one.symbols));
    case 'kraken':
      return texts(message.params?.symbol);
    case 'okx':
      return listIn(message.args).flatMap((argument) => texts([argument.instId]));
    case 'bybit':
      return texts(message.args).map((topic) => topic.slice(topic.lastIndexOf('.') + 1));
    case 'bitstamp':
      return texts([message.data?.channel]).map((channel) => channel.replace(/^.*_/, ''));
    case 'htx':
      return texts([message.sub]).map((topic) => topic.split('.')[1] ?? '');
    case 'kucoin':
      return texts([message.topic]).flatMap((topic) => topic.replace(/^.*:/, '').split(','));
    default:
      return wordsIn(message);
  }
}

/**
 * Of a message that is not described here, every text and what stands behind its last dot, colon or slash.
 */
function wordsIn(value: unknown): string[] {
  if (typeof value === 'string')
    return value.split(',').flatMap((text) => [text, text.replace(/^.*[.:/]/, '')]);
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(wordsIn);
}

function listIn(value: unknown): Loose[] {
  return Array.isArray(value) ? value.filter((one) => one !== null && typeof one === 'object') : [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** Stored instrument lists: products, instruments, trading-pairs-info, exchangeInfo, AssetPairs. */
function listedPairs(folder: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const file of readdirSync(folder)) {
    if (!/^rest_.*\.json(?:\.gz)?$/.test(file)) continue;
    let body: unknown;
    try {
      const stored = JSON.parse(textOf(join(folder, file))) as { body?: unknown };
      body = typeof stored.body === 'string' ? JSON.parse(stored.body) : stored.body;
    } catch {
      continue; // a body that is no JSON lists no instruments
    }
    for (const item of listedItems(body)) {
      const name = item.id ?? item.instId ?? item.url_symbol ?? item.symbol;
      const base = currencyOf(item, 'base') ?? item.name?.split('/')[0];
      const quote = currencyOf(item, 'quote') ?? item.name?.split('/')[1];
      if (name && base && quote) pairs.set(name, `${base}/${quote}`.toUpperCase());
    }
  }
  return pairs;
}

function currencyOf(item: Record<string, string | undefined>, role: 'base' | 'quote'): string | undefined {
  const names = ['', '_currency', '-currency', 'Ccy', 'Asset', 'Currency'].map((end) => role + end);
  return names.map((name) => item[name]).find((text) => typeof text === 'string');
}

function listedItems(body: unknown): Record<string, string | undefined>[] {
  const holder = body as { data?: unknown; symbols?: unknown } | null;
  const items = Array.isArray(body) ? body : (holder?.data ?? holder?.symbols);
  return Array.isArray(items) ? items.filter((item) => item !== null && typeof item === 'object') : [];
}

function textOf(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}
