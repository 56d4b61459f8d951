// Age and state of every served price as metrics, brought up to date before each scrape: the age that a
// client sees, which grows while nothing happens.
import type { Gauge, Metrics } from '@assay/kernel/telemetry/metrics';
import { ANSWER_STATES } from '@assay/oracle/model/answer';
import type { CurrentPrice } from '../views/current-price.ts';

export class PriceMetrics {
  readonly #age: Gauge;
  readonly #state: Gauge;
  readonly #fresh: Gauge;

  constructor(metrics: Metrics) {
    this.#age = metrics.gauge({
      name: 'assay_price_age_seconds',
      help: 'Age of the price served for a feed.',
      labels: ['feed'],
    });
    this.#state = metrics.gauge({
      name: 'assay_price_state',
      help: '1 for the state in which the price of a feed is served, 0 for the others.',
      labels: ['feed', 'state'],
    });
    this.#fresh = metrics.gauge({ name: 'assay_fresh_feeds', help: 'Feeds that have a fresh price.' });
  }

  collect(prices: Iterable<CurrentPrice>, nowMs: number): void {
    let fresh = 0;
    for (const current of prices) {
      const { feed } = current.definition;
      const record = current.record(nowMs);
      if (current.isFresh(nowMs)) fresh += 1;
      if (record !== undefined) this.#age.set(record.ageMs / 1_000, { feed });
      for (const state of ANSWER_STATES) this.#state.set(record?.state === state ? 1 : 0, { feed, state });
    }
    this.#fresh.set(fresh);
  }
}
