// The whole sandbox without any socket: a market and its venues with their faults. In: a seed, time as it
// passes, orders of the operator. Out: hosts that a server or a test mounts. Invariant: the same seed, times
// and orders give the same frames.
import { seededRandom } from '@assay/kernel/random/random';
import { Board } from './board.ts';
import { type FaultRequest, notNow, oneOf } from './faults.ts';
import { listingsOf } from './listings.ts';
import { type Market, SimulatedMarket } from './market.ts';
import type { VenueDefinition } from './protocol.ts';
import { REGIMES, type Regime } from './regimes.ts';
import { VenueHost } from './venue-host.ts';
import { binance } from './venues/binance.ts';
import { bitfinex } from './venues/bitfinex.ts';
import { bitstamp } from './venues/bitstamp.ts';
import { bybit } from './venues/bybit.ts';
import { coinbase } from './venues/coinbase.ts';
import { coingecko } from './venues/coingecko.ts';
import { coinmarketcap } from './venues/coinmarketcap.ts';
import { gate } from './venues/gate.ts';
import { htx } from './venues/htx.ts';
import { kraken } from './venues/kraken.ts';
import { kucoin } from './venues/kucoin.ts';
import { okx } from './venues/okx.ts';
import { uniswapV3 } from './venues/uniswap-v3.ts';
import { bithumb, upbit } from './venues/upbit.ts';

export const VENUES: readonly VenueDefinition[] = [
  binance,
  coinbase,
  kraken,
  okx,
  bybit,
  bitstamp,
  coingecko,
  coinmarketcap,
  uniswapV3,
  kucoin,
  gate,
  htx,
  upbit,
  bitfinex,
  bithumb,
];

export type SandboxOptions = {
  seed: number;
  nowMs: number;
  regime?: Regime;
  /** Instead of the simulated market: a recorded one. */
  market?: Market;
};

/** Seeds of the venues lie this far apart, so that what one venue draws never changes another. */
const SEED_STEP = 7_919;

export class Sandbox {
  readonly seed: number;
  readonly hosts: ReadonlyMap<string, VenueHost>;
  readonly market: Market;
  #regimeUntilMs: number | undefined;
  #nowMs: number;

  constructor(options: SandboxOptions) {
    this.seed = options.seed;
    this.#nowMs = options.nowMs;
    const streamed = VENUES.filter((venue) => venue.hasStreamAt !== undefined).map((venue) => venue.id);
    this.market =
      options.market ??
      new SimulatedMarket({
        random: seededRandom(options.seed),
        nowMs: options.nowMs,
        regime: options.regime ?? 'calm',
        venues: streamed,
      });
    const hosts = VENUES.map((definition, index): [string, VenueHost] => {
      const random = seededRandom(options.seed + (index + 1) * SEED_STEP);
      const listings = this.market.listings?.(definition.id) ?? listingsOf(definition.id);
      const board = new Board({ venue: definition.id, listings, market: this.market, random });
      return [definition.id, new VenueHost({ definition, board, random, nowMs: options.nowMs })];
    });
    this.hosts = new Map(hosts);
    this.advance(options.nowMs);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Undefined while a recording is played. */
  get regime(): Regime | undefined {
    return this.market instanceof SimulatedMarket ? this.market.regime : undefined;
  }

  advance(nowMs: number): void {
    // A wall clock that is set back stops the sandbox's time until it has caught up.
    if (nowMs < this.#nowMs) return;
    this.#nowMs = nowMs;
    if (this.#regimeUntilMs !== undefined && nowMs >= this.#regimeUntilMs) this.setRegime('calm');
    this.market.advance(nowMs);
    for (const host of this.hosts.values()) host.advance(nowMs);
  }

  /** With `forMs` the market is calm again after it. @throws AssayError RECORD_INVALID */
  setRegime(regime: Regime, forMs?: number, wickVenue?: string): void {
    const market = this.market;
    if (!(market instanceof SimulatedMarket)) {
      throw notNow('regime', regime, 'a recording is played; only the simulated market has regimes');
    }
    market.setRegime(oneOf('regime', regime, REGIMES), this.#nowMs, wickVenue);
    this.#regimeUntilMs = forMs === undefined ? undefined : this.#nowMs + forMs;
    for (const host of this.hosts.values()) host.board.reprice();
  }

  get regimeUntilMs(): number | undefined {
    return this.#regimeUntilMs;
  }

  setFault(request: FaultRequest): void {
    const { kind, value, forMs } = request;
    const untilMs = forMs === undefined ? {} : { untilMs: this.#nowMs + forMs };
    this.host(request.venue).setFault({ kind, value, ...untilMs });
  }

  /** @throws AssayError RECORD_INVALID for a venue that does not exist */
  host(venue: string): VenueHost {
    return this.hosts.get(oneOf('venue', venue, [...this.hosts.keys()]))!;
  }
}
