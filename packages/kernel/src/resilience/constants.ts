// Numbers of the health of a target, each with its reason. In the manner of lodestar's
// `network/peers/score/constants.ts`: whoever wants another behaviour changes a number here and nothing else.

/**
 * An answer's time is forgotten by half in one minute: long enough to see past one slow answer, short enough
 * for an operator to see a repair.
 */
export const LATENCY_HALF_LIFE_MS = 60_000;

/**
 * News or no news is forgotten fastest: a target that speaks again is worth believing again within half a
 * minute.
 */
export const FRESHNESS_HALF_LIFE_MS = 30_000;

/**
 * Errors are remembered for minutes: a target that failed every tenth call an instant ago will do so again.
 */
export const ERROR_HALF_LIFE_MS = 120_000;

/**
 * Whoever disagreed with all others is doubted for a while after he agrees again; a liar is at half after one
 * minute.
 */
export const AGREEMENT_HALF_LIFE_MS = 60_000;

/**
 * What is assumed before anything was heard counts as much as this many observations, so that one bad answer
 * is no verdict.
 */
export const PRIOR_WEIGHT = 2;

/** Unheard targets begin well, not perfectly: whoever has proved himself goes first. */
export const PRIOR_SIGNAL = 0.95;

/** Answers up to this time cost nothing; a round trip around the world and back is under it. */
export const LATENCY_GOOD_MS = 400;

/** At this time the latency part has lost half of what it can lose. */
export const LATENCY_HALF_MS = 2_500;

/** The slowest target keeps this much of its score: slow is bad, not wrong; what is too old is freshness. */
export const LATENCY_FLOOR = 0.5;

/** From here on a target is `good`: every signal is near 1. */
export const BAND_GOOD = 0.75;

/** Under this it is `bad`: half of its calls fail, or it disagrees as often as it agrees. */
export const BAND_DEGRADED = 0.4;

/**
 * A band is left only when the score is this far past its edge, so that noise at an edge makes no stream of
 * changes.
 */
export const BAND_HYSTERESIS = 0.04;

/**
 * The line of a forecast forgets by half in two minutes: a trend is a matter of minutes, not of one answer.
 */
export const TREND_HALF_LIFE_MS = 120_000;

/** Weight of observations without which a trend is a guess and none is given. */
export const TREND_WEIGHT_MINIMUM = 5;
