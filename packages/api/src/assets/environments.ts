// Other installations, asked how they are. In: names and addresses. Out: for each its state in one word, its
// version and its feeds. Invariant: an installation that does not answer, refuses or talks nonsense costs the
// others nothing and is described in words; nobody is asked more often than every ten seconds.
import { AssayError, isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import type { Outbound } from '@assay/ports/outbound/outbound';

export type EnvironmentAddress = { name: string; url: string; key?: string };

export type Environment = {
  name: string;
  url: string;
  isThis: boolean;
  state: 'ready' | 'not-ready' | 'refused' | 'unreachable';
  /** In words: why it is not ready. */
  detail: string;
  /** Since when it is in this state, as seen from here. */
  since: string;
  askedAt: string;
  version: string | null;
  profile: string | null;
  feedsFresh: number | null;
  feedsConfigured: number | null;
  newestAgeMs: number | null;
  durationMs: number | null;
};

const TIMEOUT_MS = 3_000;
const ASK_AGAIN_MS = 10_000;
/** A status is some kilobytes. */
const ANSWER_BYTES_MAX = 1024 * 1024;

type Known = { environment: Environment; askedMs: number };

export class EnvironmentWatch {
  readonly #options: { outbound: Outbound; clock: Clock; addresses: readonly EnvironmentAddress[] };
  readonly #known = new Map<string, Known>();
  #asking: Promise<Environment[]> | undefined;

  constructor(options: { outbound: Outbound; clock: Clock; addresses: readonly EnvironmentAddress[] }) {
    this.#options = options;
  }

  /** All of them, asked at once; concurrent callers share one round. */
  async all(): Promise<Environment[]> {
    this.#asking ??= Promise.all(this.#options.addresses.map((address) => this.#one(address))).finally(() => {
      this.#asking = undefined;
    });
    return await this.#asking;
  }

  async #one(address: EnvironmentAddress): Promise<Environment> {
    const { clock } = this.#options;
    const known = this.#known.get(address.name);
    if (known !== undefined && clock.monotonic() - known.askedMs < ASK_AGAIN_MS) return known.environment;
    const asked = await this.#ask(address);
    const before = known?.environment;
    const since = before?.state === asked.state ? before.since : asked.askedAt;
    const environment = { ...asked, since };
    this.#known.set(address.name, { environment, askedMs: clock.monotonic() });
    return environment;
  }

  async #ask({ name, url, key }: EnvironmentAddress): Promise<Environment> {
    const { outbound, clock } = this.#options;
    const askedAt = new Date(clock.now()).toISOString();
    const none = { version: null, profile: null, feedsFresh: null, feedsConfigured: null, newestAgeMs: null };
    const base = { name, url, isThis: false, since: askedAt, askedAt, durationMs: null, ...none };
    try {
      const response = await outbound.request({
        method: 'GET',
        url: `${url.replace(/\/+$/, '')}/v1/status`,
        headers: { accept: 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) },
        timeoutMs: TIMEOUT_MS,
        maximumBytes: ANSWER_BYTES_MAX,
      });
      const { durationMs } = response;
      if (response.status === 401 || response.status === 403) {
        const detail = 'it does not accept the key that is configured for it here';
        return { ...base, state: 'refused', detail, durationMs };
      }
      return { ...base, durationMs, ...statusIn(response.body) };
    } catch (error) {
      const detail = isAssayError(error) ? error.message : messageOf(error);
      return { ...base, state: 'unreachable', detail };
    }
  }
}

type Told = Pick<
  Environment,
  'state' | 'detail' | 'version' | 'profile' | 'feedsFresh' | 'feedsConfigured' | 'newestAgeMs'
>;

/** @throws AssayError OUTBOUND_FAILED for what is no status of Assay */
export function statusIn(body: string): Told {
  let status: Record<string, unknown>;
  try {
    status = JSON.parse(body) as Record<string, unknown>;
  } catch (cause) {
    throw new AssayError('OUTBOUND_FAILED', 'its status is no JSON: is this address one of Assay?', {
      cause,
    });
  }
  const feeds = status?.feeds as Record<string, unknown> | undefined;
  if (typeof status?.isReady !== 'boolean' || typeof feeds !== 'object' || feeds === null) {
    throw new AssayError('OUTBOUND_FAILED', 'what it says is no status: is this address one of Assay?');
  }
  return {
    state: status.isReady ? 'ready' : 'not-ready',
    detail: textOf(status.reason) ?? '',
    version: textOf(status.version),
    profile: textOf(status.profile),
    feedsFresh: numberOf(feeds.fresh),
    feedsConfigured: numberOf(feeds.configured),
    newestAgeMs: numberOf(status.newestAgeMs),
  };
}

/** What it says of itself is shown to people: short, and text only. */
const TEXT_MAX = 300;

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, TEXT_MAX) : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
