// The joint check: which of all source prices between the hub currencies cannot be true together with the
// others. Every price p of base b in currency q says ln p = x_b - x_q. In: these statements with weights.
// Out: the x with the least sum of weight * |ln p - (x_b - x_q)| (least absolute deviations), found by
//   iteratively reweighted least squares.
//
// Machines agree: only + - * / and Math.log (of the caller) touch the numbers, and results are rounded to
// 1e-6 before they are compared with anything, so a difference in the last digit of a double vanishes.
import { venueCapOf } from './venue-cap.ts';

export type Statements = {
  /** Unknown of the base and of the quote currency; -1 is the anchor (x = 0). */
  base: Int32Array;
  quote: Int32Array;
  /** ln of the price. */
  ln: Float64Array;
  weight: Float64Array;
  count: number;
  unknowns: number;
};

/** More rounds change nothing above 1e-8 in the books we have seen. */
const ROUNDS_MAX = 40;
/**
 * A residual under this counts as this: a hundredth of a basis point. Smaller ones would make the system
 * singular.
 */
const RESIDUAL_LEAST = 1e-6;
/** Rounds end when no unknown moves by more than this, a hundredth of what is compared afterwards. */
const MOVE_LEAST = 1e-8;

/**
 * Unknowns of the solution, in the order of their indices. Unknowns that nothing ties to the anchor must not
 * occur.
 */
export function solveLeastAbsolute(statements: Statements): Float64Array {
  const { count, unknowns, base, quote, ln, weight } = statements;
  const x = new Float64Array(unknowns);
  const effective = new Float64Array(count);
  for (let s = 0; s < count; s++) effective[s] = weight[s]!;
  const matrix = new Float64Array(unknowns * unknowns);
  const right = new Float64Array(unknowns);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    assemble(statements, effective, matrix, right);
    if (!solveSymmetric(matrix, right, unknowns)) break;
    let move = 0;
    for (let u = 0; u < unknowns; u++) {
      const distance = Math.abs(right[u]! - x[u]!);
      if (distance > move) move = distance;
      x[u] = right[u]!;
    }
    if (round > 0 && move < MOVE_LEAST) break;
    for (let s = 0; s < count; s++) {
      const b = base[s]!;
      const q = quote[s]!;
      const said = (b < 0 ? 0 : x[b]!) - (q < 0 ? 0 : x[q]!);
      const residual = Math.abs(ln[s]! - said);
      effective[s] = weight[s]! / (residual > RESIDUAL_LEAST ? residual : RESIDUAL_LEAST);
    }
  }
  return x;
}

function assemble(
  statements: Statements,
  effective: Float64Array,
  matrix: Float64Array,
  right: Float64Array,
): void {
  const { count, unknowns: n, base, quote, ln } = statements;
  matrix.fill(0);
  right.fill(0);
  for (let s = 0; s < count; s++) {
    const b = base[s]!;
    const q = quote[s]!;
    const w = effective[s]!;
    if (b >= 0) {
      matrix[b * n + b]! += w;
      right[b]! += w * ln[s]!;
    }
    if (q >= 0) {
      matrix[q * n + q]! += w;
      right[q]! -= w * ln[s]!;
    }
    if (b >= 0 && q >= 0) {
      matrix[b * n + q]! -= w;
      matrix[q * n + b]! -= w;
    }
  }
}

/** Cholesky, in place; the solution stands in `right`. False: the matrix is not positive definite. */
function solveSymmetric(matrix: Float64Array, right: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    let pivot = matrix[j * n + j]!;
    for (let k = 0; k < j; k++) pivot -= matrix[j * n + k]! * matrix[j * n + k]! * matrix[k * n + k]!;
    if (!(pivot > 0)) return false;
    matrix[j * n + j] = pivot;
    for (let i = j + 1; i < n; i++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k]! * matrix[j * n + k]! * matrix[k * n + k]!;
      matrix[i * n + j] = sum / pivot;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) right[i]! -= matrix[i * n + k]! * right[k]!;
  }
  for (let i = 0; i < n; i++) right[i]! /= matrix[i * n + i]!;
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) right[i]! -= matrix[k * n + i]! * right[k]!;
  }
  return true;
}

/**
 * Scales weights down until no venue has more than `max(1/3, 1/venues)` of the whole. `venueOf` -1 (no
 * witness) counts as one group of its own. Returns the mean factor, by which the weak statement of continuity
 * is scaled too.
 */
export function capVenues(statements: Statements, venueOf: Int32Array, venueCount: number): number {
  const sums = new Float64Array(venueCount + 1);
  for (let s = 0; s < statements.count; s++) sums[venueOf[s]! + 1]! += statements.weight[s]!;
  const cap = venueCapOf(Array.from(sums));
  let total = 0;
  let after = 0;
  for (let s = 0; s < statements.count; s++) {
    const sum = sums[venueOf[s]! + 1]!;
    total += statements.weight[s]!;
    if (sum > cap) statements.weight[s]! *= cap / sum;
    after += statements.weight[s]!;
  }
  return total > 0 ? after / total : 1;
}
