// One price as one line, the same for `start` and `prices`.
import type { PriceRecord } from '@assay/oracle/model/answer';

/** "67012.34000000" -> "67,012.34": groups of three, no zeros that say nothing, at least two decimals. */
export function readablePrice(price: string): string {
  const [whole = '0', fraction = ''] = price.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  const kept = fraction.replace(/0+$/, '').padEnd(Math.min(2, fraction.length), '0');
  return kept === '' ? grouped : `${grouped}.${kept}`;
}

export function priceLine(record: PriceRecord): string {
  const age =
    record.ageMs < 100_000
      ? `${(record.ageMs / 1000).toFixed(1)} s`
      : `${Math.round(record.ageMs / 60_000)} min`;
  const why = record.state === 'ok' ? '' : `   ${record.stateReason}`;
  return [
    record.feed.padEnd(10),
    readablePrice(record.price).padStart(16),
    record.state.padEnd(9),
    `${record.sourcesUsed} of ${record.sourcesConfigured} sources`.padEnd(16),
    `confidence ${record.confidence.toFixed(2)}`,
    `age ${age}${why}`,
  ].join('  ');
}
