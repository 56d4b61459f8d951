// The one error class of the product. In: a code, a sentence that names field, value and fix. Out: an error
// that programs can branch on (`code`, `isTransient`) and people can act on (`message`, `recovery`).
import { ERROR_CODES, type ErrorCode } from './codes.ts';

export type AssayErrorOptions = {
  /** Machine-readable facts: field, value, source, status. Never a secret. */
  context?: Record<string, unknown>;
  cause?: unknown;
  /** Overrides the default of the code. */
  isTransient?: boolean;
  /** Milliseconds the other side asked us to wait. */
  retryAfterMs?: number;
  /** Overrides the recovery hint of the code. */
  recovery?: string;
};

export class AssayError extends Error {
  readonly code: ErrorCode;
  readonly context: Record<string, unknown>;
  readonly isTransient: boolean;
  readonly retryAfterMs: number | undefined;
  readonly recovery: string;

  constructor(code: ErrorCode, message: string, options: AssayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AssayError';
    this.code = code;
    this.context = options.context ?? {};
    this.isTransient = options.isTransient ?? ERROR_CODES[code].isTransient;
    this.retryAfterMs = options.retryAfterMs;
    this.recovery = options.recovery ?? ERROR_CODES[code].recovery;
  }
}

export function isAssayError(error: unknown, code?: ErrorCode): error is AssayError {
  return error instanceof AssayError && (code === undefined || error.code === code);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @throws AssayError ASSERTION_FAILED: for what the program itself guarantees, never for input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssayError('ASSERTION_FAILED', message);
}
