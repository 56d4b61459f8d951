// Records of services as values of schema types: a source, a price request.
import type { SourcePairStatus } from '@assay/oracle/model/source-status';
import type { PriceRequest } from '../assets/desk.ts';
import { mayReadFeed, type Principal } from '../auth/principal.ts';
import { unknownName } from '../rest/parameters.ts';
import type { ShownSource } from '../views/sources.ts';
import { priceObject } from './price-object.ts';

/** By id or display name, in any case. @throws AssayError NOT_FOUND naming near ones */
export function findShown(all: readonly ShownSource[], name: string): ShownSource {
  const wanted = name.toLowerCase();
  const found = all.find((one) => one.source.toLowerCase() === wanted || one.name.toLowerCase() === wanted);
  if (found !== undefined) return found;
  throw unknownName(
    'source',
    name,
    all.map(({ source }) => source),
  );
}

/** A source and how it does; what it said of feeds that the key may not read is left out. */
export function sourceObject(status: ShownSource, principal: Principal): Record<string, unknown> {
  const pairs = (status.pairs ?? []).filter(({ pair }) => mayReadFeed(principal, pair));
  const { counts, lastError, retryAt } = status;
  const attempts = counts === undefined ? 0 : counts.errors + counts.published;
  return {
    ...status,
    id: status.source,
    confidence: status.confidence ?? null,
    errorShare: counts === undefined || attempts === 0 ? null : counts.errors / attempts,
    pairs: status.pairsConfigured ?? null,
    lastFrameAgeMs: newestAgeMs(status.pairs ?? []),
    reconnects: counts?.reconnects ?? null,
    retryAt: retryAt == null ? null : new Date(retryAt).toISOString(),
    lastError: lastError == null ? null : `${lastError.code}: ${lastError.message}`,
    details: { ...status, pairs },
  };
}

export function priceRequestObject(request: PriceRequest): Record<string, unknown> {
  return { ...request, price: request.price === null ? null : priceObject(request.price) };
}

function newestAgeMs(pairs: readonly SourcePairStatus[]): number | null {
  const ages = pairs.flatMap(({ ageMs }) => ageMs ?? []);
  return ages.length === 0 ? null : Math.min(...ages);
}
