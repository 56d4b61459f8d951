// Trades and ticks come by the hundred thousand, and the table is read by the minute: in a large recording
// they are taken in by the second, the last one of each standing for it. In: a loaded recording. Out: the
// same, or a smaller one.
import type { LoadedRecording } from '@assay/assay/recording-files';
import type { RecordedPrice, RecordedSeries } from '@assay/oracle/recording/recorded-prices';

/** Up to here every row is its own: two hundred replays of it fit into the ten minutes of the table. */
const ROWS_MAX = 400_000;
const GRID_MS = 1000;

export function coalesced(loaded: LoadedRecording): LoadedRecording {
  const rows = loaded.series.reduce((sum, { prices }) => sum + prices.length, 0);
  return rows <= ROWS_MAX ? loaded : { ...loaded, series: loaded.series.map(bySecond) };
}

function bySecond(series: RecordedSeries): RecordedSeries {
  if (series.series.kind === 'bars') return series;
  const kept: RecordedPrice[] = [];
  for (const price of series.prices) {
    const at = Math.ceil(price.at / GRID_MS) * GRID_MS;
    const last = kept.at(-1);
    if (last?.at !== at) kept.push({ ...price, at });
    else if (price.observedAt >= last.observedAt) kept[kept.length - 1] = { ...price, at };
  }
  return { ...series, prices: kept };
}
