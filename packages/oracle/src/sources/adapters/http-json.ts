// A source defined wholly in configuration: an HTTP endpoint that answers JSON. In: its definition (type
// `http-json` in assay.yaml). Out: a source like any other, or CONFIG_INVALID naming the field that cannot
// be used. Every number is read as the text that stands in the payload. Paths, templates and units:
// docs/guides/define-a-source.md.
import type { Pair } from '../../model/pair.ts';
import { defineSource, type HttpTransport, type Source, type SourceContext } from '../define-source.ts';
import {
  type Definition,
  fill,
  type JsonPath,
  jsonPath,
  type Matcher,
  matcherOf,
  namesIn,
  unusable,
  valueAt,
} from '../definition.ts';
import { pricesIn, readPriceFields } from '../json-prices.ts';
import { credentialValues, finishIdentity, readIdentity } from '../json-source.ts';
import { batchesOf, parseJsonExact, refusal } from '../payload.ts';

export type HttpJsonDefinition = {
  name?: string;
  homepage?: string;
  documentation?: string;
  kind?: Source['kind'];
  venue?: string;
  endpoints: { rest: string };
  /** Names of secrets, used as `{credential.name}`; their values are the configuration's business. */
  credentials?: Record<string, string>;
  /** `{base}`, `{quote}`, `{base:lower}`, `{quote:lower}`; default `{base}{quote}`. */
  symbol?: string;
  /** Exceptions by pair. */
  symbols?: Record<string, string>;
  /** The venue's own names of currencies, such as `BTC: XBT`. */
  currencies?: Record<string, string>;
  limits?: Source['limits'];
  intervalMs?: number;
  timeoutMs?: number;
  request: {
    /** After the endpoint, with `{symbol}` (a request a pair) or `{symbols}` (one for many). */
    path?: string;
    method?: 'GET' | 'POST';
    headers?: Record<string, string>;
    body?: string;
    /** Between the `{symbols}`; default a comma. */
    separator?: string;
    /** Default 1 with `{symbol}`, otherwise 100. */
    pairsPerRequest?: number;
    weight?: number;
    credits?: number;
  };
  answer: PriceFieldsDefinition;
  /** Errors inside a status of 200, tried in order before the prices are read. */
  errors?: {
    when: Record<string, string | number | boolean>;
    message?: string;
    isRateLimit?: boolean;
    isPermanent?: boolean;
  }[];
};

export type PriceFieldsDefinition = {
  items?: string;
  /** A path, or `$key` for an object whose names are the symbols. */
  symbol?: string;
  symbolPattern?: string;
  price?: string;
  bid?: string;
  ask?: string;
  time?: string;
  timeUnit?: 'iso' | 's' | 'ms' | 'us' | 'ns';
  volume?: string;
  sequence?: string;
  kind?: 'ticker' | 'trade' | 'index' | 'pool';
  /** The payload counts in units of 10^-n. */
  priceDecimals?: number;
};

/** An address of about 1 kB. */
const PAIRS_PER_REQUEST = 100;

/** @throws AssayError CONFIG_INVALID naming the field */
export function httpJsonSource(id: string, given: HttpJsonDefinition | Record<string, unknown>): Source {
  const { identity, definition } = readIdentity(id, given);
  if (identity.endpoints.rest === undefined)
    throw unusable(`${definition.where}.endpoints.rest`, undefined, 'the address of the venue');
  const http = transportOf(definition);
  finishIdentity(definition);
  return defineSource({ ...identity, http });
}

function transportOf(definition: Definition): HttpTransport {
  const requests = requestsOf(definition.section('request'));
  const answer = definition.section('answer');
  const fields = readPriceFields(answer);
  answer.finish();
  const rules = definition.sections('errors').map(errorRule);
  const asksOne = requests.pairsPerRequest === 1;
  if (fields.symbol === undefined && !asksOne)
    throw unusable(
      `${answer.where}.symbol`,
      undefined,
      'the path of the symbol, as one request asks for many',
    );
  return {
    intervalMs: definition.count('intervalMs', 10_000),
    timeoutMs: definition.count('timeoutMs', 5000),
    requests: requests.build,
    parse(response, request, context) {
      const body = parseJsonExact(response.body, 'answer');
      for (const rule of rules) if (rule.matches(body)) throw rule.error(body);
      return pricesIn(body, fields, context, {
        frame: 'answer',
        only: asksOne ? request.pairs[0] : undefined,
      });
    },
  };
}

function requestsOf(request: Definition): {
  build: HttpTransport['requests'];
  pairsPerRequest: number;
} {
  const path = request.text('path', '/').replace(/^(?!\/)/, '/');
  const method = request.choice('method', ['GET', 'POST'], 'GET');
  const headers = request.texts('headers');
  const body = request.has('body') ? request.text('body') : undefined;
  const separator = request.text('separator', ',');
  const isSingle = namesIn(path + (body ?? '')).includes('symbol');
  const pairsPerRequest = request.count('pairsPerRequest', isSingle ? 1 : PAIRS_PER_REQUEST);
  if (isSingle && pairsPerRequest !== 1)
    throw unusable(`${request.where}.pairsPerRequest`, pairsPerRequest, '1 with {symbol}, or use {symbols}');
  const weight = request.count('weight', 1);
  const credits = request.count('credits', 1);
  request.finish();
  const one = (pairs: readonly Pair[], context: SourceContext) => {
    const symbols = pairs.map(context.symbolOf);
    const secrets = credentialValues(context.credentials);
    const inAddress = {
      ...secrets,
      symbol: encodeURIComponent(symbols[0] ?? ''),
      symbols: symbols.map(encodeURIComponent).join(separator),
    };
    const plain = { ...secrets, symbol: symbols[0] ?? '', symbols: symbols.join(separator) };
    return {
      method,
      url: `${context.endpoints.rest}${fill(path, inAddress)}`,
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, fill(text, plain)])),
      ...(body === undefined ? {} : { body: fill(body, plain) }),
      pairs,
      weight,
      credits,
    };
  };
  return {
    pairsPerRequest,
    build: (context) => batchesOf(context.pairs, pairsPerRequest).map((pairs) => one(pairs, context)),
  };
}

type ErrorRule = { matches: Matcher; error(body: unknown): Error };

function errorRule(rule: Definition): ErrorRule {
  const matches = matcherOf(rule, 'when');
  const path: JsonPath = rule.has('message') ? jsonPath(rule.text('message'), `${rule.where}.message`) : [];
  const isRateLimit = rule.flag('isRateLimit', false);
  const isPermanent = rule.flag('isPermanent', false);
  rule.finish();
  return {
    matches,
    error(body) {
      const found = valueAt(body, path);
      const message = typeof found === 'string' ? found : JSON.stringify(found);
      return refusal(isRateLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', message, {
        frame: 'answer',
        ...(isPermanent ? { isTransient: false } : {}),
      });
    },
  };
}
