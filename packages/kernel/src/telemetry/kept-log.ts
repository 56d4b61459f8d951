// A log that also keeps its last lines, for whoever looks without a shell. In: another log. Out: the same,
// and the lines. Invariant: bounded; fields become short texts, and names that hold secrets are left out.
import { LOG_LEVELS, type Log, type LogFields, type LogLevel } from './log.ts';

export type KeptLine = {
  /** Counts up. */ id: number;
  at: number;
  level: LogLevel;
  message: string;
  fields: Record<string, string>;
};

export type KeptLog = { log: Log; lines(): readonly KeptLine[] };

/** Minutes of an ordinary day. */
const LINES_MAX = 500;
const TEXT_MAX = 300;
const SECRET = /key|secret|password|token|authorization|credential/i;

/** `lowest`: what stands below it is not kept either. */
export function keepLines(log: Log, now: () => number, lowest: LogLevel): KeptLog {
  const lowestRank = LOG_LEVELS.indexOf(lowest);
  const lines: KeptLine[] = [];
  let count = 0;
  const wrap = (inner: Log, bound: LogFields): Log => {
    const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
      inner[level](message, fields);
      if (LOG_LEVELS.indexOf(level) < lowestRank) return;
      lines.push({
        id: count++,
        at: now(),
        level,
        message: shortened(message),
        fields: textsOf({ ...bound, ...fields }),
      });
      if (lines.length > LINES_MAX) lines.shift();
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => wrap(inner.child(fields), { ...bound, ...fields }),
    };
  };
  return { log: wrap(log, {}), lines: () => lines };
}

function textsOf(fields: LogFields): Record<string, string> {
  const kept = Object.entries(fields).filter(([name, value]) => value !== undefined && !SECRET.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, shortened(textOf(value))]));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.message;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function shortened(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`;
}
