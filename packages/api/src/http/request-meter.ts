// Counts requests and their latency. In: one call per finished request. Out: two metrics, brought up to date
// before each scrape, so that a request costs two additions and not a search by labels.
import type { Metrics } from '@assay/kernel/telemetry/metrics';

/** From a cached price (tens of microseconds) to a page of history on a busy machine. */
const LATENCY_BUCKETS_S = [0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5] as const;

export class RequestMeter {
  readonly #counter;
  readonly #histogram;
  /** Route, then status, then requests not yet handed over. */
  readonly #pending = new Map<string, Map<number, number>>();
  readonly #labels = new Map<string, { route: string }>();

  constructor(metrics: Metrics) {
    this.#counter = metrics.counter({
      name: 'assay_http_requests_total',
      help: 'Requests answered on the API port.',
      labels: ['route', 'status'],
    });
    this.#histogram = metrics.histogram({
      name: 'assay_http_request_duration_seconds',
      help: 'From the arrival of a request to its answer, without streams.',
      labels: ['route'],
      buckets: LATENCY_BUCKETS_S,
    });
  }

  /** Routes are templates ("/v1/prices/:feed"): few, whatever clients ask for. */
  count(route: string, status: number, durationMs: number | undefined): void {
    let statuses = this.#pending.get(route);
    if (statuses === undefined) this.#pending.set(route, (statuses = new Map()));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (durationMs === undefined) return;
    let labels = this.#labels.get(route);
    if (labels === undefined) this.#labels.set(route, (labels = { route }));
    this.#histogram.observe(durationMs / 1_000, labels);
  }

  flush(): void {
    for (const [route, statuses] of this.#pending) {
      for (const [status, count] of statuses) this.#counter.add({ route, status: String(status) }, count);
      statuses.clear();
    }
  }
}
