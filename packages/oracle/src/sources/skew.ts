// How far a venue's clock is from ours. In: pairs of (the venue's clock when it sent, our clock when it
// arrived). Out: the difference without most of the time on the way. The message that was fastest shows the
// clock best, so of each window the largest difference counts (the filter of NTP, RFC 5905 section 10).
// Invariant: delays never make a venue look ahead.

export type Skew = {
  windowStartAt: number;
  /** Largest (venue - ours) of the window under way and of the one before, ms. */
  current: number;
  previous: number;
  count: number;
};

// Two windows of this length are remembered: long enough for a fast message, short enough to see a clock
// being set.
const WINDOW_MS = 120_000;

// One message may have waited anywhere; of three, one was probably quick.
const COUNT_MINIMUM = 3;

export function newSkew(): Skew {
  return {
    windowStartAt: Number.NEGATIVE_INFINITY,
    current: Number.NEGATIVE_INFINITY,
    previous: Number.NEGATIVE_INFINITY,
    count: 0,
  };
}

export function observeSkew(skew: Skew, venueAt: number, receivedAt: number): Skew {
  const difference = venueAt - receivedAt;
  const age = receivedAt - skew.windowStartAt;
  const count = skew.count + 1;
  if (age >= 0 && age < WINDOW_MS) {
    return { ...skew, current: Math.max(skew.current, difference), count };
  }
  // Two windows without a word: what was measured then says nothing about now.
  const previous = age >= 0 && age < 2 * WINDOW_MS ? skew.current : Number.NEGATIVE_INFINITY;
  return { windowStartAt: receivedAt, current: difference, previous, count };
}

/**
 * The venue's clock minus ours, ms: negative also by the time on the way. Undefined while too little was
 * heard.
 */
export function skewMs(skew: Skew): number | undefined {
  const largest = Math.max(skew.current, skew.previous);
  return skew.count >= COUNT_MINIMUM && Number.isFinite(largest) ? largest : undefined;
}

/**
 * The median of the venues' clocks minus ours; undefined with fewer than three, which could not outvote one.
 */
export function machineSkewMs(skews: readonly (number | undefined)[]): number | undefined {
  const measured = skews.filter((each) => each !== undefined).sort((a, b) => a - b);
  if (measured.length < 3) return undefined;
  const middle = measured.length >> 1;
  return measured.length % 2 === 1 ? measured[middle] : (measured[middle - 1]! + measured[middle]!) / 2;
}
