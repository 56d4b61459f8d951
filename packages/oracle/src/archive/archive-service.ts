// Reads:      topics `source-prices` and `answers`, as group `archive`.
// Writes:     the history: rows of source prices, answers and the candles rolled up from them.
// Decides:    nothing; a record that cannot be read is counted and left out.
// Guarantees: a batch is acknowledged only after its rows are durable, so nothing acknowledged on the bus is
//             missing here.
// Survives:   its own death (rows carry the log position they came from and are stored once), a history that
//             is away (the batch is tried again, the log keeps what waits).
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';
import type { AnswerRow, History, PriceRow } from '@assay/ports/history/history';
import { ANSWERS_TOPIC, type Answer } from '../model/answer.ts';
import { decodeSourceRecord, SOURCE_PRICES_TOPIC } from '../model/source-price.ts';

export type ArchiveOptions = { bus: EventBus; history: History; log: Log; metrics: Metrics };

const GROUP = 'archive';

export function createArchiveService({ bus, history, log, metrics }: ArchiveOptions): Startable {
  const rows = metrics.counter({
    name: 'assay_archived_rows_total',
    help: 'Rows stored in the history',
    labels: ['topic'],
  });
  const unreadable = metrics.counter({
    name: 'assay_archive_unreadable_total',
    help: 'Records that could not be read and were left out of the history',
    labels: ['topic'],
  });
  const subscriptions: Subscription[] = [];

  /** What `decode` makes of each record; unreadable ones are counted and named in the log. */
  function decoded<T>(records: readonly BusRecord[], decode: (record: BusRecord) => T | undefined): T[] {
    return records.flatMap((record) => {
      try {
        return decode(record) ?? [];
      } catch (error) {
        unreadable.add({ topic: record.topic });
        log.warn('a record was left out of the history', {
          topic: record.topic,
          offset: record.offset,
          reason: messageOf(error),
        });
        return [];
      }
    });
  }

  async function follow(
    topic: string,
    store: (records: readonly BusRecord[]) => Promise<number>,
  ): Promise<void> {
    const handler = async (records: readonly BusRecord[]) => rows.add({ topic }, await store(records));
    subscriptions.push(await bus.subscribe({ topic, group: GROUP, from: 'earliest' }, handler));
  }

  return {
    async start() {
      await follow(SOURCE_PRICES_TOPIC, async (records) => {
        const prices = decoded(records, priceRowOf);
        await history.appendPrices(prices);
        return prices.length;
      });
      await follow(ANSWERS_TOPIC, async (records) => {
        const answers = decoded(records, answerRowOf);
        await history.appendAnswers(answers);
        return answers.length;
      });
    },
    async stop() {
      await Promise.all(subscriptions.splice(0).map((subscription) => subscription.close()));
    },
  };
}

function priceRowOf(record: BusRecord): PriceRow | undefined {
  const price = decodeSourceRecord(record.value);
  if (price.type !== 'price') return undefined;
  const { source, pair, observedAt, receivedAt } = price;
  return { source, pair, price: price.price, observedAt, receivedAt, offset: record.offset };
}

function answerRowOf(record: BusRecord): AnswerRow {
  const answer = JSON.parse(record.value) as Answer;
  const { feed, answeredAt, price, state } = answer;
  return { feed, answeredAt, offset: record.offset, price, state, record: record.value };
}
