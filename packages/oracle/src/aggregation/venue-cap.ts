// No venue is louder than the others together: the most that one may weigh among them. In: the weight of each
// venue.
// Out: the cap. Weights above it are scaled down to it; what is not capped stays as it is.

/** `max(1/3, 1/venues)` of what all of them weigh together after the cap. */
export function venueCapOf(sums: readonly number[]): number {
  const present = sums.filter((sum) => sum > 0).sort((a, b) => b - a);
  if (present.length < 2) return Number.POSITIVE_INFINITY;
  const share = Math.max(1 / 3, 1 / present.length);
  let rest = 0;
  for (const sum of present) rest += sum;
  let cap = Number.POSITIVE_INFINITY;
  // The k largest venues hold `share` each of a whole in which the others keep what they have.
  for (let k = 0; k < present.length; k++) {
    const left = 1 - k * share;
    cap = left > ROUNDING ? (share * rest) / left : present[k]!;
    if (present[k]! <= cap * (1 + ROUNDING)) break;
    rest -= present[k]!;
  }
  return cap;
}

/** Shares are thirds and halves in doubles: this much is an error of rounding. */
const ROUNDING = 1e-9;
