// What an error of PostgreSQL, or of the way to it, means to a caller. In: anything that its client threw.
// Out: an AssayError with `context.sqlState` and, for a violated rule, `context.constraint`. Pure.
// Invariant: no statement and no value of a user stands in a message.
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';

export const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';

type SqlError = { code?: string; constraint?: string; column?: string; table?: string };

/** An AssayError stays what it is. */
export function explainSqlError(error: unknown): AssayError {
  if (error instanceof AssayError) return error;
  const { code, constraint, column, table } = (error ?? {}) as SqlError;
  const isSqlState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E');
  if (!isSqlState) return unavailable(messageOf(error), { reason: code ?? 'connection' }, error);
  const context = {
    sqlState: code,
    ...(constraint === undefined ? {} : { constraint }),
    ...(table === undefined ? {} : { table }),
  };
  if (code === SERIALIZATION_FAILURE || code === DEADLOCK) {
    return new AssayError('LEDGER_CONFLICT', 'another change was made at the same time', {
      context,
      cause: error,
      isTransient: true,
    });
  }
  if (code === '23502' || code.startsWith('22')) {
    const field = column ?? 'value';
    const message = `the database cannot hold this: ${messageOf(error)}`;
    return new AssayError('RECORD_INVALID', message, { context: { ...context, field }, cause: error });
  }
  if (code.startsWith('23')) {
    return new AssayError('LEDGER_CONFLICT', `this collides with ${constraint ?? 'a rule'} of ${table}`, {
      context,
      cause: error,
    });
  }
  // 08 connection, 53 resources (disk, connections), 57 shutdown and timeouts, 58 input or output, 28 access.
  if (/^(08|53|57|58|28|3D)/.test(code)) return unavailable(messageOf(error), context, error);
  return new AssayError('ASSERTION_FAILED', `a statement is wrong: ${messageOf(error)}`, {
    context,
    cause: error,
  });
}

function unavailable(why: string, context: Record<string, unknown>, cause: unknown): AssayError {
  return new AssayError('LEDGER_UNAVAILABLE', `the ledger does not answer: ${why}`, { context, cause });
}
