// Structured logs through pino: one JSON object a line, to standard error or to a bounded file. Secrets never
// get here: the settings that hold them are read by the ones that use them and are redacted in case one does.
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import type { Log, LogLevel } from '@assay/kernel/telemetry/log';
import { type Logger, pino } from 'pino';

const REDACTED_PATHS = [
  'apiKey',
  'secret',
  'password',
  'authorization',
  '*.apiKey',
  '*.secret',
  '*.credentials',
];
/** Two files of this size at most: enough for days at level info. */
const FILE_BYTES_MAXIMUM = 16 * 1024 * 1024;

export function createPinoLog({ level, file }: { level: LogLevel; file: string | undefined }): Log {
  const destination = file === undefined ? pino.destination({ dest: 2, sync: true }) : boundedFile(file);
  return wrap(pino({ level, base: { pid: process.pid }, redact: REDACTED_PATHS }, destination));
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}

/**
 * Appends lines; past the bound the file becomes `<file>.1` and a new one begins. A full disk loses log
 * lines, nothing else.
 */
function boundedFile(file: string): { write(line: string): void } {
  let descriptor = openSync(file, 'a', 0o600);
  let size = fstatSync(descriptor).size;
  return {
    write(line) {
      try {
        if (size > FILE_BYTES_MAXIMUM) {
          closeSync(descriptor);
          renameSync(file, `${file}.1`);
          descriptor = openSync(file, 'a', 0o600);
          size = 0;
        }
        size += writeSync(descriptor, line);
      } catch {
        // The disk is full or gone: the program that cannot log must go on settling, and says so through
        // health.
      }
    },
  };
}
