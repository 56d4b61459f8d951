// How far from the others is too far: six times the usual distance, which is 1.4826 times the median of all
// distances (that factor makes it the standard deviation of a normal distribution). The caller takes its
// floor if that is larger.

const LIMIT_DEVIATIONS = 6;
const DEVIATION_PER_MEDIAN = 1.4826;

/**
 * In the unit of the residuals. The lower of two middle values is the median, so one liar of two cannot widen
 * it.
 */
export function outlierLimit(residuals: Float64Array, count: number): number {
  if (count === 0) return 0;
  for (let at = 0; at < count; at++) {
    const size = Math.abs(residuals[at]!);
    let gap = at;
    while (gap > 0 && scratch[gap - 1]! > size) {
      scratch[gap] = scratch[gap - 1]!;
      gap--;
    }
    scratch[gap] = size;
  }
  return LIMIT_DEVIATIONS * DEVIATION_PER_MEDIAN * scratch[(count - 1) >> 1]!;
}

const scratch: number[] = [];
