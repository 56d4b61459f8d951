// How figures are written: durations, instants, counts. Pure. Everything a person compares has the same form
// everywhere.

/** "0.3 s", "12 s", "4 min", "3 h", "5 d": short, and never jumping width by more than a digit. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 1) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.floor(seconds)} s`;
  if (seconds < 6_000) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Local time of day, "14:02:11". */
export function clockText(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hour12: false });
}

/** "14:02:11" today, "20 Nov 14:02" otherwise. */
export function whenText(ms: number, nowMs: number = Date.now()): string {
  const at = new Date(ms);
  if (at.toDateString() === new Date(nowMs).toDateString()) return clockText(ms);
  const day = at.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
  return `${day} ${at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hour12: false })}`;
}

/** Local and UTC with milliseconds, for tooltips. */
export function exactText(ms: number): string {
  const at = new Date(ms);
  return `${at.toLocaleString(undefined, { hour12: false })} (${at.toISOString()})`;
}

/** Thousands are set apart; the digits are those of the text. */
export function groupedText(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

export function countText(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: count < 10 ? 2 : 0 });
}

/** 1 feed, 2 feeds. */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function percentText(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** Signed basis points: "+1.49 bps". */
export function bpsText(bps: number, digits = 2): string {
  const sign = bps > 0 ? '+' : bps < 0 ? '−' : ' ';
  return `${sign}${Math.abs(bps).toFixed(digits)} bps`;
}
