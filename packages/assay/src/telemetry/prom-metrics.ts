// Metrics through prom-client: the registry behind port 8000. The same name declared twice is the same
// metric.
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type PromMetrics = Metrics & { render(): Promise<string> };

export function createPromMetrics(): PromMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'assay_uptime_seconds',
    help: 'Seconds since this process started',
    registers: [registry],
    collect() {
      this.set(process.uptime());
    },
  });
  const once = <T>(name: string, make: () => T): T =>
    (registry.getSingleMetric(name) as T | undefined) ?? make();
  const common = (options: { name: string; help: string; labels?: readonly string[] }) => ({
    name: options.name,
    help: options.help,
    labelNames: [...(options.labels ?? [])],
    registers: [registry],
  });
  return {
    counter(options) {
      const counter = once(options.name, () => new Counter(common(options)));
      return { add: (labels, by = 1) => (labels === undefined ? counter.inc(by) : counter.inc(labels, by)) };
    },
    gauge(options) {
      const gauge = once(options.name, () => new Gauge(common(options)));
      return {
        set: (value, labels) => (labels === undefined ? gauge.set(value) : gauge.set(labels, value)),
        remove: (labels) => gauge.remove(labels),
      };
    },
    histogram(options) {
      const make = () => new Histogram({ ...common(options), buckets: [...options.buckets] });
      const histogram = once(options.name, make);
      return {
        observe: (value, labels) =>
          labels === undefined ? histogram.observe(value) : histogram.observe(labels, value),
      };
    },
    render: () => registry.metrics(),
  };
}
