// The figures to reach on the recordings that are known (ARCHITECTURE.md). In: rows of the table.
// Out: which are met. Recordings without figures here are measured all the same.
import { OUR_RULE, type Row } from './tasks.ts';

export type Target = { what: string; met: boolean };

export function targetsOf(recording: string, rows: readonly Row[]): Target[] {
  const ours = rows.filter((row) => row.recording === recording && row.rule.startsWith(OUR_RULE));
  if (recording === 'usdc-depeg-2023-03') return depegTargets(ours.filter((row) => row.feed === 'BTC/USD'));
  if (recording === 'usde-oct-2025') return usdeTargets(ours.filter((row) => row.feed === 'USDE/USDT'));
  return [];
}

function depegTargets(rows: readonly Row[]): Target[] {
  const honest = rows.filter((row) => row.hostile === null && row.withheld === undefined);
  const series = rows.filter((row) => row.hostile?.kind === 'series');
  const venues = rows.filter((row) => row.hostile?.kind === 'venue');
  const others = venues.filter((row) => ['binance_us', 'bybit'].includes(row.hostile!.name));
  // A venue with one series lies in everything when that series does.
  const alone = series.filter((row) => row.hostile!.name.startsWith('bybit '));
  const withheld = rows.filter((row) => (row.withheld?.length ?? 0) > 1);
  return [
    atMost('all honest, p99', honest, (row) => row.p99, 10),
    atMost('all honest, max', honest, (row) => row.max, 25),
    atLeast('all honest, ok of the minutes with two dollar venues', honest, 0.999),
    atMost('any one series hostile, p99', series, (row) => row.p99, 13),
    atMost('any one series hostile, max', series, (row) => row.max, 45),
    atLeast('any one series hostile, ok', series, 0.93),
    atMost('any one venue hostile, max', [...venues, ...alone], (row) => row.max, 60),
    atLeast('binance_us or bybit hostile, ok', [...others, ...alone], 0.99),
    atMost('dollar venues withheld, p99', withheld, (row) => row.p99, 16),
    atMost('dollar venues withheld, max', withheld, (row) => row.max, 90),
  ].flat();
}

function usdeTargets(rows: readonly Row[]): Target[] {
  const honest = rows.filter((row) => row.hostile === null && row.withheld === undefined);
  return honest.flatMap((row) => {
    const minutes = Object.values(row.states).reduce((sum, count) => sum + count, 0);
    const share = row.states.ok / minutes;
    return [
      { what: `USDE, lowest ok answer ${row.lowest} (at least 0.99)`, met: (row.lowest ?? 0) >= 0.99 },
      { what: `USDE, ok ${(share * 100).toFixed(1)} % of the minutes (at least 80)`, met: share >= 0.8 },
      { what: `USDE, silent minutes ${row.states.silent} (none)`, met: row.states.silent === 0 },
    ];
  });
}

function atMost(what: string, rows: readonly Row[], of: (row: Row) => number, most: number): Target[] {
  if (rows.length === 0) return [];
  const value = Math.max(...rows.map(of));
  return [{ what: `${what}: ${value.toFixed(2)} bps (at most ${most})`, met: value <= most }];
}

function atLeast(what: string, rows: readonly Row[], least: number): Target[] {
  if (rows.length === 0) return [];
  const value = Math.min(...rows.map((row) => row.okShare));
  return [{ what: `${what}: ${(value * 100).toFixed(3)} % (at least ${least * 100})`, met: value >= least }];
}
