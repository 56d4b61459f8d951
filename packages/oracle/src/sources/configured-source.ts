// A source as the operator wants it: the adapter and what the configuration says of it.
import type { AssayError } from '@assay/kernel/errors/assay-error';
import type { Pair } from '../model/pair.ts';
import type { Source, SourceContext } from './define-source.ts';
import type { Fallbacks } from './endpoint-fallback.ts';
import { sourceContext } from './source-context.ts';

export type ConfiguredSource = {
  source: Source;
  pairs: readonly Pair[];
  endpoints: Record<string, string>;
  /** By role: asked in turn while the address before does not answer. */
  fallbacks?: Fallbacks;
  credentials: Record<string, string>;
  options: Record<string, unknown>;
  /** 1 is always asked; larger numbers are standby, further down the list. */
  priority: number;
  transport: 'stream' | 'poll' | 'both';
  /** Instead of the adapter's own. */
  intervalMs?: number;
  /**
   * Changes whenever the definition of the source itself does (sources that are defined in the
   * configuration).
   */
  revision?: string;
  /** On the denylist from the start; a text is the reason. */
  isDenied?: boolean | string;
};

/** The context for some of the pairs; pairs that the venue cannot have are left out. */
export function contextOf(
  configured: ConfiguredSource,
  pairs: readonly Pair[],
  reject: (pair: Pair, error: AssayError) => void,
): SourceContext {
  const { source, endpoints, credentials, options } = configured;
  return sourceContext(source, { pairs, endpoints, credentials, options, reject });
}
