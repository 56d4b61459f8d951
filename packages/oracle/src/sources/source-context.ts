// What an adapter's functions are given: the pairs to serve and the venue's names for them. In: a source
// and its settings. Out: a SourceContext whose `symbolOf` and `pairOf` are inverse to each other over the
// pairs that the venue can have.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Pair } from '../model/pair.ts';
import type { Source, SourceContext } from './define-source.ts';

export type SourceContextSettings = {
  pairs: readonly Pair[];
  /** By role; what is absent stays as the adapter has it. */
  endpoints?: Record<string, string>;
  credentials?: Record<string, string>;
  options?: Record<string, unknown>;
  /** Hears of single pairs of a batch that could not be read; without it the whole answer is refused. */
  reject?: (pair: Pair, error: AssayError) => void;
};

/** Pairs that the venue cannot have are left out: compare `pairs` of the result with what was asked for. */
export function sourceContext(source: Source, settings: SourceContextSettings): SourceContext {
  const options = settings.options ?? {};
  const pairBySymbol = new Map<string, Pair>();
  const symbolByPair = new Map<Pair, string>();
  for (const pair of settings.pairs) {
    const symbol = source.symbol(pair, options);
    if (symbol === undefined || symbolByPair.has(pair)) continue;
    const other = pairBySymbol.get(symbol);
    if (other !== undefined) throw ambiguous(source.id, symbol, other, pair);
    pairBySymbol.set(symbol, pair);
    symbolByPair.set(pair, symbol);
  }
  const context: SourceContext = {
    endpoints: withoutSlashes({ ...source.endpoints, ...settings.endpoints }),
    credentials: settings.credentials ?? {},
    pairs: [...symbolByPair.keys()],
    pairOf: (symbol) => pairBySymbol.get(symbol),
    symbolOf(pair) {
      const symbol = symbolByPair.get(pair);
      if (symbol !== undefined) return symbol;
      throw new AssayError('ASSERTION_FAILED', `${source.id} was not asked to serve ${pair}`);
    },
    options,
    session: {},
    channels: new Map(),
  };
  if (settings.reject !== undefined) context.reject = settings.reject;
  return context;
}

/** Adapters and fallbacks add what follows an address, with its slash. */
export function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}

export function withoutSlashes(endpoints: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(endpoints).map(([role, address]) => [role, withoutSlash(address)]),
  );
}

function ambiguous(id: string, symbol: string, first: Pair, second: Pair): AssayError {
  return new AssayError(
    'CONFIG_INVALID',
    `source ${id} calls both ${first} and ${second} "${symbol}": its prices could not be told apart`,
    {
      context: { field: `sources.${id}`, value: symbol },
      recovery: `Configure only one of ${first} and ${second} for ${id}.`,
    },
  );
}
