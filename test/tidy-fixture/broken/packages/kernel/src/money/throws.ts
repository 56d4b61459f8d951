// Errors that no program can tell apart.
class MoneyError extends TypeError {}
export const fail = () => {
  throw new RangeError('x');
};
export const failed = [MoneyError, Error('y')];
