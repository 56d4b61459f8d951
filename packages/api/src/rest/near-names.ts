// Which known names somebody may have meant. In: a name that does not exist, the names that do. Out: at most
// five, nearest first. Bounded: a long name is cut before it is compared.

const NEAR_MAX = 5;
/** Longer names than any that exists need no comparing. */
const LENGTH_MAX = 40;

export function nearNames(name: string, known: readonly string[]): string[] {
  const given = name.slice(0, LENGTH_MAX);
  const wanted = plain(given);
  // Half of a short name may differ; what differs more was not meant.
  const limit = Math.max(2, Math.floor(wanted.length / 2));
  return known
    .map((candidate) => ({
      candidate,
      distance: hasSameBase(given, candidate) ? 1 : distanceOf(wanted, plain(candidate)),
    }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, NEAR_MAX)
    .map(({ candidate }) => candidate);
}

/** "BTC-EUR" and "BTC/USD": the asset was meant, in another currency. */
function hasSameBase(a: string, b: string): boolean {
  const [base, quote] = a.toUpperCase().split(/[/-]/);
  return base !== '' && quote !== undefined && b.toUpperCase().split('/')[0] === base;
}

function plain(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '');
}

/** Levenshtein; a name that begins with the other is one step away. */
function distanceOf(a: string, b: string): number {
  if (a !== '' && (b.startsWith(a) || a.startsWith(b))) return a === b ? 0 : 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change));
    }
    row = next;
  }
  return row[b.length]!;
}
