// Metrics as an interface; `assay` plugs prom-client in. A module declares its metrics beside the code that
// moves them.

export type Labels = Record<string, string>;
export interface Counter {
  add(labels?: Labels, by?: number): void;
}
export interface Gauge {
  set(value: number, labels?: Labels): void;
  /** Forgets one label set, so that a thing that is gone does not keep its last value. */
  remove(labels: Labels): void;
}
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}
export type MetricOptions = { name: string; help: string; labels?: readonly string[] };

export interface Metrics {
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions): Gauge;
  histogram(options: MetricOptions & { buckets: readonly number[] }): Histogram;
}

/** Keeps values in a map by `name{label="value"}`, for tests and for programs without a metrics endpoint. */
export function memoryMetrics(
  values: Map<string, number> = new Map(),
): Metrics & { values: Map<string, number> } {
  const key = (name: string, labels: Labels = {}) => {
    const inside = Object.entries(labels)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, value]) => `${label}="${value}"`)
      .join(',');
    return inside === '' ? name : `${name}{${inside}}`;
  };
  const addTo = (id: string, by: number) => values.set(id, (values.get(id) ?? 0) + by);
  return {
    values,
    counter: ({ name }) => ({ add: (labels, by = 1) => void addTo(key(name, labels), by) }),
    gauge: ({ name }) => ({
      set: (value, labels) => void values.set(key(name, labels), value),
      remove: (labels) => void values.delete(key(name, labels)),
    }),
    histogram: ({ name }) => ({
      observe(value, labels) {
        addTo(key(`${name}_count`, labels), 1);
        addTo(key(`${name}_sum`, labels), value);
      },
    }),
  };
}
